"""Benchmarks."""

from typing import Annotated, Literal

from pydantic import Field

from caco.config.engines import EngineConfig, TransformersEngineConfig
from caco.config.generation import Sampling
from caco.config.section import Section


class _Benchmark(Section):
    kind: str

    @property
    def implementation(self) -> str:
        """The module that reads its problems."""
        return f"caco.stages.bench.readers.{self.kind}"


class HeldOut(_Benchmark):
    """The part of a source of seeds that no training sees."""

    kind: Literal["held_out"] = Field(description="Held-out seeds.")
    source: str = Field(description="Name of the source in `sources`.")


class Gsm8kTest(_Benchmark):
    """GSM8K's JSON lines."""

    kind: Literal["gsm8k"] = Field(description="A file of GSM8K rows.")
    path: str = Field(description="The .jsonl file.")


Benchmark = Annotated[HeldOut | Gsm8kTest, Field(discriminator="kind")]


class Bench(Section):
    """How base and student are measured: pass@1, one answer a problem."""

    benchmarks: dict[str, Benchmark] = Field(min_length=1, description="The benchmarks, by name.")
    engine: EngineConfig = Field(TransformersEngineConfig(), description="What runs the models.")
    sampling: Sampling = Field(description="Paper: greedy, 2,048 new tokens.")
    grader_timeout_s: float = Field(
        10.0, gt=0, description="Seconds for one grade before its process is killed."
    )


class Answering(Section):
    """What one model's answers to one benchmark depend on; drawn from `bench` and `student`."""

    engine: EngineConfig = Field(description="`bench.engine`.")
    sampling: Sampling = Field(description="`bench.sampling`.")
    prompt: Literal["alpaca", "chat"] = Field(description="`student.prompt`.")


class Grading(Section):
    """What the grades of a benchmark's answers depend on; drawn from `bench`."""

    grader_timeout_s: float = Field(gt=0, description="`bench.grader_timeout_s`.")
