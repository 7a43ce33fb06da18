"""Generation: the engine and how it samples."""

from pydantic import Field

from caco.config.engines import Engine, TransformersEngine
from caco.config.section import Section


class Sampling(Section):
    """How tokens are drawn."""

    temperature: float = Field(ge=0, description="0 is greedy.")
    top_p: float = Field(1.0, gt=0, le=1, description="Nucleus: smallest set of this mass.")
    top_k: int = Field(0, ge=0, description="Only the k likeliest tokens; 0 for all.")
    max_new_tokens: int = Field(gt=0, description="Longest completion.")
    seed: int = Field(0, ge=0, description="Base of each request's own seed.")


class Sample(Section):
    """Unconditional sampling of new programs."""

    programs_per_shard: int = Field(gt=0, description="Programs drawn in each shard.")
    engine: Engine = Field(TransformersEngine(), description="What runs the code generator.")
    sampling: Sampling = Field(description="Paper: temperature 0.9, 1,024 new tokens.")


class Write(Section):
    """One step of the reverse stage: questions, or solutions."""

    engine: Engine = Field(TransformersEngine(), description="What runs the writer.")
    sampling: Sampling = Field(description="Paper: temperature 0.7, top-p 0.8, top-k 20.")


class Judge(Section):
    """The dual verification: both checks compare the text with the executed program."""

    answer_timeout_s: float = Field(
        10.0,
        gt=0,
        description="Seconds for one comparison before its process is killed.",
    )
    grounded: bool = Field(
        True,
        description="Second check: the question states every input value, and nothing else.",
    )


class Reverse(Section):
    """Programs back into problems and solutions."""

    question: Write = Field(description="Program to question.")
    solution: Write = Field(description="Question to solution, without sight of the program.")
    judge: Judge = Field(Judge(), description="Which rows the corpus may hold.")
