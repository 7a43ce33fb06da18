"""Assumptions of a plan: GPUs and throughput of the cluster, yields of stages, lengths of rows."""

from pathlib import Path

from pydantic import Field, ValidationError

from caco.config.config import read_config
from caco.config.section import Section, explain
from caco.errors import UserError


class Yields(Section):
    """Fraction of the rows that a stage accepts."""

    unify: float = Field(gt=0, le=1, description="Seeds that become Code CoTs.")
    verify: float = Field(gt=0, le=1, description="Programs that pass verification.")
    reverse: float = Field(gt=0, le=1, description="Requested questions that reach the corpus.")


class Tokens(Section):
    """Mean length of a row's text, in tokens."""

    program: float = Field(gt=0, description="A program.")
    question: float = Field(gt=0, description="A question.")
    solution: float = Field(gt=0, description="A worked solution.")


class Rates(Section):
    """Throughput of one GPU (for `verify` and `judge`, of one core) per second."""

    unify: float = Field(gt=0, description="Tokens that the converter generates.")
    sample: float = Field(gt=0, description="Tokens that the code generator generates.")
    question: float = Field(gt=0, description="Tokens of questions that the writer generates.")
    solution: float = Field(gt=0, description="Tokens of solutions that the solver generates.")
    train: float = Field(gt=0, description="Tokens trained on.")
    answer: float = Field(gt=0, description="Tokens that base or student generates in a benchmark.")
    verify: float = Field(gt=0, description="Programs that one core verifies.")
    judge: float = Field(gt=0, description="Solutions that one core judges.")


class Assumptions(Section):
    """The section `plan` of a site file, or a file that holds only that section."""

    gpus: int = Field(gt=0, description="GPUs in use at a time.")
    cores: int = Field(gt=0, description="Cores that verification uses at a time.")
    gpu_gb: float | None = Field(
        None, gt=0, description="Memory of one GPU; null if trainings are not compared with it."
    )
    start_s: float = Field(
        ge=0,
        description="Seconds until a GPU job has loaded its model; `--measured` takes them from "
        "the records of a run.",
    )
    shard_h: float = Field(
        gt=0, description="Desired duration of the longest job of a shard, in hours."
    )
    yields: Yields = Field(description="Accepted fractions by stage.")
    tokens: Tokens = Field(description="Mean lengths of rows.")
    rates: Rates = Field(description="Throughput by stage, measured or assumed.")


def read_assumptions(path: Path) -> Assumptions:
    """Reads the section `plan` of a site file, or a file that holds only that section.

    Raises:
        UserError: The file is missing, is not valid YAML, or a key is invalid.
    """
    raw = read_config(path)
    raw = raw.get("plan", raw)
    try:
        return Assumptions.model_validate(raw)
    except ValidationError as e:
        raise UserError(f"{path}: {explain(e, Assumptions)}") from None
