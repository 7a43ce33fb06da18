"""Generation: the engine and how it samples."""

from typing import Self

from pydantic import Field, model_validator

from caco.config.engines import EngineConfig, TransformersEngineConfig
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
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="What runs the code generator."
    )
    sampling: Sampling = Field(description="Paper: temperature 0.9, 1,024 new tokens.")


class Write(Section):
    """A step of the reverse stage that writes: questions, or solutions."""

    model: str | None = Field(
        None, description="Name of a model in `models`; null for the `writer` section's checkpoint."
    )
    engine: EngineConfig = Field(TransformersEngineConfig(), description="What runs the model.")
    sampling: Sampling = Field(description="Paper: temperature 0.7, top-p 0.8, top-k 20.")


class WriteQuestions(Write):
    """Program to question: how many of each program, and in which contexts."""

    variants: int = Field(
        1,
        gt=0,
        description="Questions asked for each program; the corpus keeps up to `per_program`.",
    )
    styles: list[str] = Field(
        [],
        description="Contexts or styles, one drawn for each question by its seed; may be none.",
    )

    @model_validator(mode="after")
    def _variants_differ(self) -> Self:
        if self.sampling.temperature == 0 and self.variants > max(1, len(self.styles)):
            raise ValueError(
                f"{self.variants} `variants` of one program would be the same question, since "
                "`sampling.temperature` is 0: raise it, or give as many `styles`"
            )
        return self


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


class LlmJudge(Section):
    """A model that reads each row: is the problem solvable, the logic the program's?"""

    model: str = Field(description="Name of the judging model in `models`. Paper: Qwen3-32B.")
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="What runs the judging model."
    )
    sampling: Sampling = Field(description="Greedy, unless the judge is to be sampled.")


class Reverse(Section):
    """Programs back into problems and solutions."""

    question: WriteQuestions = Field(description="Program to question.")
    solution: Write = Field(description="Question to solution, without sight of the program.")
    judge: Judge = Field(Judge(), description="Which rows the corpus may hold.")
    llm_judge: LlmJudge | None = Field(
        None, description="A judging model after the exact checks; null for none."
    )
