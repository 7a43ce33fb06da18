"""Section of the pass rates: how often a model solves the questions of the corpus."""

from typing import Literal, Self

from pydantic import Field, model_validator

from caco.config.bench import Answering, Grading
from caco.config.engines import EngineConfig, TransformersEngineConfig
from caco.config.generation import Sampling
from caco.config.section import Section


class PassRate(Section):
    """A model that answers each question several times; its share of right answers is counted."""

    model: str = Field(
        description="Name of a model in `models`: the one whose training the rows are for."
    )
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the model."
    )
    sampling: Sampling = Field(description="How it samples its answers.")
    samples: int = Field(8, gt=0, description="Answers to each question.")
    prompt: Literal["alpaca", "chat"] = Field(
        "alpaca", description="Prompt format: Alpaca's headings, or the model's chat template."
    )
    grader_timeout_s: float = Field(
        10.0,
        gt=0,
        description="Time limit of one comparison, in seconds; then its process is killed, and the "
        "answer is not right.",
    )

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples > 1 and self.sampling.temperature == 0:
            raise ValueError(
                f"{self.samples} greedy answers to a question would be the same; set `samples` to "
                "1 or `sampling.temperature` above 0"
            )
        return self

    def answering(self) -> Answering:
        """Returns what the answers depend on."""
        return Answering(
            engine=self.engine, sampling=self.sampling, samples=self.samples, prompt=self.prompt
        )

    def grading(self) -> Grading:
        """Returns what their grades depend on; the known answers are exact."""
        return Grading(tolerance=0.0, grader_timeout_s=self.grader_timeout_s)
