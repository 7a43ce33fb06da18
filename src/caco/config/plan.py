"""What a plan assumes of a cluster: its GPUs, its rates, how long rows are and how many survive."""

from pathlib import Path

from pydantic import Field, ValidationError

from caco.config.config import read_config
from caco.config.section import Section, explain
from caco.errors import UserError


class Yields(Section):
    """Share of the rows that a stage lets through."""

    unify: float = Field(gt=0, le=1, description="Seeds that become Code CoTs.")
    verify: float = Field(gt=0, le=1, description="Programs that pass verification.")
    reverse: float = Field(gt=0, le=1, description="Questions asked for that reach the corpus.")


class Tokens(Section):
    """Mean length of a row's text, in tokens."""

    program: float = Field(gt=0, description="A program.")
    question: float = Field(gt=0, description="A question.")
    solution: float = Field(gt=0, description="A worked solution.")


class Rates(Section):
    """What one GPU (for `verify` and `judge`, one core) does in a second."""

    unify: float = Field(gt=0, description="Tokens that the converter writes.")
    sample: float = Field(gt=0, description="Tokens that the code generator writes.")
    question: float = Field(gt=0, description="Tokens of questions that the writer writes.")
    solution: float = Field(gt=0, description="Tokens of solutions that the solver writes.")
    train: float = Field(gt=0, description="Tokens that training sees.")
    answer: float = Field(gt=0, description="Tokens that base or student writes in a benchmark.")
    verify: float = Field(gt=0, description="Programs that one core executes and judges.")
    judge: float = Field(gt=0, description="Solutions that one core compares.")


class Assumptions(Section):
    """The section `plan` of a cluster's site file, or a file that holds nothing else."""

    gpus: int = Field(gt=0, description="GPUs at work at a time.")
    cores: int = Field(gt=0, description="Cores that verification may use at a time.")
    start_s: float = Field(ge=0, description="Seconds until a GPU job's model is loaded.")
    shard_h: float = Field(gt=0, description="Wanted hours of the longest job of a shard.")
    yields: Yields = Field(description="Shares of rows let through.")
    tokens: Tokens = Field(description="Mean lengths.")
    rates: Rates = Field(description="Measured or given rates.")


def read_assumptions(path: Path) -> Assumptions:
    """Reads a site file's section `plan`, or a file that is one.

    Raises:
        UserError: The file is absent, is no YAML, or a key of it is wrong.
    """
    raw = read_config(path)
    raw = raw.get("plan", raw)
    try:
        return Assumptions.model_validate(raw)
    except ValidationError as e:
        raise UserError(f"{path}: {explain(e, Assumptions)}") from None
