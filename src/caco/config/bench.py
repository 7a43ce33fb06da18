"""Sections of the benchmarks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from caco.config.engines import EngineConfig, TransformersEngineConfig
from caco.config.generation import Sampling
from caco.config.section import Section
from caco.config.tables import PATH, MappedFields, TabularFiles


class _Benchmark(Section):
    kind: str
    tolerance: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Relative tolerance for known answers that are decimals, also in lists; every "
        "other known answer is exact. null: the benchmark's official one, 0 where it has none.",
    )

    min_rows: int = Field(
        1,
        gt=0,
        description="Minimum number of problems; fewer are an error. Set it to the size of the "
        "benchmark, so that no row is missing.",
    )
    samples: int = Field(
        1,
        gt=0,
        description="Answers to each problem; above 1, pass@k is estimated as well, for the powers "
        "of two up to it. For greedy and sampled answers to the same problems, name the benchmark "
        "twice.",
    )
    sampling: Sampling | None = Field(
        None, description="How the models sample their answers; null for `bench.sampling`."
    )

    official_tolerance: ClassVar[float] = 0.0

    @property
    def implementation(self) -> str:
        """The module that reads the benchmark's problems."""
        return f"caco.stages.bench.readers.{self.kind}"


class HeldOut(_Benchmark):
    """The held-out part of a source of seeds, which no training reads."""

    kind: Literal["held_out"] = Field(description="The held-out seeds of a source.")
    source: str = Field(description="Name of the source in `sources`.")


class ProblemFields(MappedFields):
    """The columns that the fields of a problem are read from."""

    answer: str = Field(description="The known answer, or the text that contains it.")
    solution: str | None = Field(
        None,
        description="A worked solution. If its equations can be converted to a program, the layer "
        "`program` of the decontamination compares the programs of seeds and corpus with it.",
    )
    absolute_error: str | None = Field(
        None,
        description="How far an answer may be from the known one, in each row, as `error` of "
        "OlympiadBench: a number such as `1e-1` or several with commas, one for each of several "
        "answers; null or empty if the known answer is exact.",
    )

    @property
    def implementation(self) -> str | None:
        """The module that converts worked solutions; None if there are none."""
        return None if self.solution is None else "caco.stages.unify.solution_program"


class TableBenchmark(_Benchmark, TabularFiles):
    """A benchmark in files of JSON lines, a JSON array, CSV, Parquet or Arrow, also compressed."""

    kind: Literal["table"] = Field(description="Tabular files with a map of fields.")
    path: str = Field(description=PATH)
    fields: ProblemFields = Field(description="The columns of the fields.")


class TheoremQA(_Benchmark):
    """TheoremQA's JSON file.

    Its official evaluation accepts a number within 4% of a known decimal and compares integers
    exactly (`within_eps` and `compare_two_numbers` in predict_accuracy.py of
    github.com/wenhuchen/TheoremQA).
    """

    official_tolerance: ClassVar[float] = 0.04

    kind: Literal["theoremqa"] = Field(
        description="TheoremQA's file; its 53 problems with a picture are left out."
    )
    path: str = Field(description="Path of the .json file.")
    rows: int | None = Field(
        None, gt=0, description="Number of rows to read, from the first; null for all."
    )


Benchmark = Annotated[HeldOut | TableBenchmark | TheoremQA, Field(discriminator="kind")]


class Published(Section):
    """Scores that others have published for a student of the same base model."""

    base: str = Field(
        min_length=1,
        description="Name of the base model: the last part of the folder, the repository or the "
        "package of `student.model`. With another base, the scores are not shown.",
    )
    scores: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        min_length=1, description="The student's pass@1, from 0 to 1, by benchmark."
    )


class Bench(Section):
    """How base and student are measured: pass@1 and pass@k."""

    benchmarks: dict[str, Benchmark] = Field(min_length=1, description="The benchmarks, by name.")
    engine: EngineConfig = Field(
        TransformersEngineConfig(), description="Engine that runs the models."
    )
    sampling: Sampling = Field(
        description="How the models sample (paper: greedy, 2,048 new tokens)."
    )
    grader_timeout_s: float = Field(
        10.0,
        gt=0,
        description="Time limit of one comparison, in seconds; then its process is killed.",
    )
    published: Published | None = Field(
        None, description="Published scores, which the report shows beside the student's."
    )

    @model_validator(mode="after")
    def _published_benchmarks_exist(self) -> "Bench":
        for name in self.published.scores if self.published else ():
            if name not in self.benchmarks:
                raise ValueError(
                    f"`published.scores` names `{name}`, which `benchmarks` does not have; choose "
                    f"one of {sorted(self.benchmarks)}"
                )
        return self

    @model_validator(mode="after")
    def _samples_differ(self) -> "Bench":
        for name, benchmark in self.benchmarks.items():
            if benchmark.samples > 1 and self.sampling_of(name).temperature == 0:
                raise ValueError(
                    f"{benchmark.samples} greedy answers to a problem would be the same; set "
                    f"`benchmarks.{name}.samples` to 1 or `benchmarks.{name}.sampling.temperature` "
                    "above 0"
                )
        return self

    def sampling_of(self, benchmark: str) -> Sampling:
        """Returns how the models sample their answers to a benchmark."""
        return self.benchmarks[benchmark].sampling or self.sampling


class Answering(Section):
    """The settings that a model's answers depend on: to a benchmark, or to the corpus's questions.

    Those to a benchmark are settings of `bench` and `student`, the others of `pass_rate`.
    """

    engine: EngineConfig = Field(description="`bench.engine`.")
    sampling: Sampling = Field(description="The benchmark's `sampling`, or `bench.sampling`.")
    samples: int = Field(gt=0, description="The benchmark's `samples`.")
    prompt: Literal["alpaca", "chat"] = Field(description="`student.prompt`.")


class Grading(Section):
    """The settings that the grades of answers depend on, of `bench` or `pass_rate`."""

    tolerance: float = Field(ge=0, lt=1, description="The tolerance of the benchmark.")
    grader_timeout_s: float = Field(gt=0, description="`bench.grader_timeout_s`.")
