"""Sections of generation: sampling, and the steps in which a model generates."""

from typing import Literal, Self

from pydantic import Field, model_validator

from caco.config.engines import EngineConfig, TransformersEngineConfig
from caco.config.section import Section

Prompting = Literal["short", "detailed"]


class Sampling(Section):
    """Sampling parameters."""

    temperature: float = Field(ge=0, description="Temperature; 0 is greedy decoding.")
    top_p: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Nucleus sampling: total probability of the tokens to sample from.",
    )
    top_k: int = Field(0, ge=0, description="Sample from the k most probable tokens; 0 for all.")
    max_new_tokens: int = Field(gt=0, description="Maximum tokens of a completion.")
    seed: int = Field(0, ge=0, description="Base from which each request's seed is derived.")


class Sample(Section):
    """Unconditional sampling of new programs."""

    programs_per_shard: int = Field(gt=0, description="Programs sampled in each shard.")
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the code generator."
    )
    sampling: Sampling = Field(
        description="How it samples (paper: temperature 0.9, 1,024 new tokens)."
    )


class Write(Section):
    """A step of the reverse stage in which a model writes: questions or solutions."""

    model: str | None = Field(
        None, description="Name of a model in `models`; null for the writer's checkpoint."
    )
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the model."
    )
    sampling: Sampling = Field(
        description="How it samples (paper: temperature 0.7, top-p 0.8, top-k 20)."
    )
    prompt: Prompting = Field(
        "short",
        description="`short`: one instruction, on which the writer is fine-tuned; `detailed`: says "
        "what the text must and must not contain, for a model that was not fine-tuned.",
    )
    examples: int = Field(
        0,
        ge=0,
        description="Examples in each prompt, drawn by seed from the sources' own pairs; for a "
        "model that was not fine-tuned on the prompts.",
    )
    same_examples: bool = Field(
        False,
        description="Draw the examples once for all requests and not for each: an engine with "
        "prefix caching then reads them once.",
    )


class WriteQuestions(Write):
    """Program to question: the number of questions per program and their styles."""

    variants: int = Field(
        1,
        gt=0,
        description="Questions requested for each program; the corpus accepts up to `per_program`.",
    )
    styles: list[str] = Field(
        [],
        description="Contexts or styles of the questions, drawn by seed; empty for none.",
    )

    @model_validator(mode="after")
    def _variants_differ(self) -> Self:
        if self.sampling.temperature == 0 and self.variants > max(1, len(self.styles)):
            raise ValueError(
                f"{self.variants} `variants` of one program would be the same question, because "
                "`sampling.temperature` is 0; raise it or set as many `styles`"
            )
        return self


class WriteSolutions(Write):
    """Question to solution: the number of solutions per question."""

    variants: int = Field(
        1,
        gt=0,
        description="Solutions requested for each question, of which the corpus accepts one.",
    )

    @model_validator(mode="after")
    def _variants_differ(self) -> Self:
        # With examples, the prompts of the variants differ.
        if self.sampling.temperature == 0 and self.variants > 1 and not self.examples:
            raise ValueError(
                f"{self.variants} `variants` of one question would be the same solution, because "
                "`sampling.temperature` is 0; raise it"
            )
        return self


class Redrafting(Section):
    """The settings that the programs of a round trip depend on, without the model."""

    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the model."
    )
    sampling: Sampling = Field(description="How it samples.")
    programs: int = Field(4, gt=0, description="Programs written from each question.")
    examples: int = Field(
        0,
        ge=0,
        description="Examples in each prompt, drawn by seed: problems of the sources with the "
        "programs of their Code CoTs.",
    )
    same_examples: bool = Field(
        False, description="Draw the examples once for all requests and not for each."
    )

    @model_validator(mode="after")
    def _programs_differ(self) -> Self:
        # With examples of their own, the prompts of the programs differ.
        alike = not self.examples or self.same_examples
        if self.sampling.temperature == 0 and self.programs > 1 and alike:
            raise ValueError(
                f"{self.programs} greedy `programs` of one question would be the same; set "
                "`programs` to 1 or `sampling.temperature` above 0"
            )
        return self


class RoundTrip(Redrafting):
    """A check of the questions: programs written from them must agree with their own."""

    model: str = Field(description="Name of the model in `models` that writes the programs.")
    agreement: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of these programs whose `output` must be that of the question's "
        "program.",
    )

    def redrafting(self) -> Redrafting:
        """Returns the settings that the programs depend on."""
        return Redrafting(**{name: getattr(self, name) for name in Redrafting.model_fields})


class Judge(Section):
    """The dual verification: two checks that compare texts with the executed program."""

    answer_timeout_s: float = Field(
        10.0,
        gt=0,
        description="Time limit of one comparison, in seconds; then its process is killed.",
    )
    grounded: bool = Field(
        True,
        description="Second check: the question states every input value, as often as the program "
        "has it, and no other number.",
    )


class LlmJudge(Section):
    """A model that judges whether a problem is solvable and its solution's logic the program's."""

    model: str = Field(description="Name of the LLM judge in `models` (paper: Qwen3-32B).")
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the LLM judge."
    )
    sampling: Sampling = Field(description="How the LLM judge samples; usually greedy.")


class Check(Section):
    """The check of a solution's steps."""

    false_statements: bool = Field(
        True,
        description="Reject a row whose solution states something false about numbers; false keeps "
        "such rows, and the column `false_statements` counts their false statements.",
    )
    code_blocks: bool = Field(
        True,
        description="Reject a row whose solution has a block of code: it was not executed, and "
        "what the solution says that it prints is often made up.",
    )


class Reverse(Section):
    """Back-translation of programs to questions, their solutions, and the checks."""

    question: WriteQuestions = Field(description="Program to question.")
    round_trip: RoundTrip | None = Field(
        None, description="A check of the questions before they are solved; null for none."
    )
    solution: WriteSolutions = Field(
        description="Question to solution, without access to the program."
    )
    judge: Judge = Field(Judge(), description="The exact checks.")
    llm_judge: LlmJudge | None = Field(
        None, description="An LLM judge after the exact checks; null for none."
    )
    check: Check = Field(Check(), description="The check of a solution's steps, after the judges.")
