"""The complete configuration, read from YAML and validated."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from caco.config.ablation import Ablation
from caco.config.bench import Answering, Bench, Benchmark, Grading, HeldOut, Published
from caco.config.checks import (
    Calibration,
    Corpus,
    ProgramRules,
    SandboxLimits,
    Unifying,
    Verify,
)
from caco.config.embedding import Embedding
from caco.config.engines import EngineConfig
from caco.config.export import Export
from caco.config.generation import Reverse, Sample
from caco.config.models import Model, ServedModel
from caco.config.pass_rate import PassRate
from caco.config.section import Section, explain
from caco.config.sources import HubFiles, LlmUnify, Source, Table
from caco.config.training import Codegen, Student, Writer
from caco.errors import UserError
from caco.licences import problem

_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")  # names become parts of file names
_MODELS = ("base", "codegen", "student", "writer")  # of every run, so no names of ablations


class Config(Section):
    """Everything that decides the results of a run. Where it runs is set in the profile."""

    run: str = Field(description="Name of the run; its files are in `results/{run}`.")
    shards: int = Field(
        gt=0,
        le=99_999,
        description="Number of shards to sample. Raising it runs the new shards only.",
    )
    models: dict[str, Model] = Field(min_length=1, description="Models, by name.")
    sources: dict[str, Source] = Field(min_length=1, description="Sources of seeds, by name.")
    sandbox: SandboxLimits = Field(
        SandboxLimits(), description="Resource limits of generated programs."
    )
    codegen: Codegen = Field(description="The code generator.")
    sample: Sample = Field(description="Sampling of programs.")
    verify: Verify = Field(Verify(), description="Rules of verification.")
    writer: Writer = Field(description="The writer of questions and solutions.")
    reverse: Reverse = Field(description="Back-translation and its checks.")
    calibration: Calibration | None = Field(
        None, description="Calibration of the checks on planted rows; null for none."
    )
    pass_rate: PassRate | None = Field(
        None,
        description="How often a model solves each question, for the column `pass_rate` and the "
        "selection by `corpus.pass_rates`; null for no pass rates.",
    )
    embedding: Embedding | None = Field(
        None,
        description="Vectors of questions and seeds, for the report's diversity and for the layer "
        "`embedding` of `corpus.decontaminate`, which needs it; null for no vectors.",
    )
    corpus: Corpus = Field(Corpus(), description="Assembly of the corpus.")
    export: Export = Field(Export(), description="The corpus as a data set for publication.")
    student: Student = Field(description="The student.")
    ablations: dict[str, Ablation] = Field(
        {},
        description="Further students on other rows, by name, which the report compares with the "
        "student.",
    )
    bench: Bench = Field(
        description="Benchmarks of the base model, the student and the students of `ablations`."
    )

    @model_validator(mode="after")
    def _check_references(self) -> "Config":
        for table, names in {
            "run": [self.run],
            "models": self.models,
            "sources": self.sources,
            "ablations": self.ablations,
            "bench.benchmarks": self.bench.benchmarks,
        }.items():
            for name in names:
                if not _NAME.fullmatch(name):
                    raise ValueError(
                        f"the name `{name}` in `{table}` becomes part of a file name: begin with "
                        "a lower-case letter or digit, and use only these and underscores"
                    )
        if taken := sorted(set(self.ablations) & set(_MODELS)):
            raise ValueError(
                f"the name `{taken[0]}` in `ablations` is that of another model of the run; choose "
                "another"
            )
        for key, model in self._models_by_key().items():
            if model not in self.models:
                raise ValueError(
                    f"`{key}.model` is `{model}`, which `models` does not define; "
                    f"choose one of {sorted(self.models)}"
                )
        for name, benchmark in self.bench.benchmarks.items():
            if not isinstance(benchmark, HeldOut):
                continue
            source = self.sources.get(benchmark.source)
            if source is None:
                raise ValueError(
                    f"`bench.benchmarks.{name}.source` is `{benchmark.source}`, which `sources` "
                    f"does not define; choose one of {sorted(self.sources)}"
                )
            if source.seeds.held_out == 0:
                raise ValueError(
                    f"`bench.benchmarks.{name}` uses held-out seeds of `{benchmark.source}`, but "
                    f"`sources.{benchmark.source}.seeds.held_out` is 0; raise it"
                )
        return self

    @model_validator(mode="after")
    def _check_served_models(self) -> "Config":
        served = {name for name, m in self.models.items() if isinstance(m, ServedModel)}
        for key, model in self._trained_models().items():
            if model in served and (key != "writer" or self.writer.fine_tune):
                raise ValueError(
                    f"`{key}.model` is `{model}`, which is of kind `served`, so it cannot be "
                    "fine-tuned; name a model with a checkpoint"
                    + (", or set `writer.fine_tune` to false" if key == "writer" else "")
                )
        for key, (named, engine) in self._generating_models().items():
            model = named or self.writer.model
            if model in served and key == "embedding":
                raise ValueError(
                    f"`embedding.model` is `{model}`, which is of kind `served`, so it cannot "
                    "embed; name a model with a checkpoint"
                )
            if model in served and engine.kind != "server":
                raise ValueError(
                    f"`{key}.engine.kind` is `{engine.kind}`, but the model `{model}` is of kind "
                    "`served`; set it to `server`"
                )
        return self

    @model_validator(mode="after")
    def _writer_has_learned_what_it_writes(self) -> "Config":
        learns = self.writer.learns
        if not self.writer.fine_tune or learns == "both":
            return self
        other, step = {
            "questions": ("solution", self.reverse.solution),
            "solutions": ("question", self.reverse.question),
        }[learns]
        if step.model is None:
            raise ValueError(
                f"`writer.learns` is `{learns}`, but the writer writes the {other}s too; name "
                f"another model in `reverse.{other}.model`, or remove `writer.learns`"
            )
        return self

    @model_validator(mode="after")
    def _check_pass_rates(self) -> "Config":
        if self.corpus.pass_rates is None:
            return self
        if self.pass_rate is None:
            raise ValueError(
                "`corpus.pass_rates` selects rows by their pass rate, but the section `pass_rate` "
                "is null; add it or remove `corpus.pass_rates`"
            )
        (low, high), answers = self.corpus.pass_rates, self.pass_rate.samples
        if not any(low <= n / answers <= high for n in range(answers + 1)):
            raise ValueError(
                f"`corpus.pass_rates` from {low:g} to {high:g} contains no share of {answers} "
                "answers; widen it or raise `pass_rate.samples`"
            )
        return self

    @model_validator(mode="after")
    def _check_embedding(self) -> "Config":
        compared = self.corpus.decontaminate
        for key in ("layers", "held_out"):
            if "embedding" in getattr(compared, key) and self.embedding is None:
                raise ValueError(
                    f"`corpus.decontaminate.{key}` has the layer `embedding`, but the section "
                    "`embedding` is null; add it or remove the layer"
                )
        return self

    @model_validator(mode="after")
    def _check_licences(self) -> "Config":
        sources = {name: source.licence for name, source in self.sources.items()}
        if self.export.licences == "refuse" and (why := problem(sources, self.export.allow)):
            raise ValueError(
                f"{why}; remove a source, correct its licence, list an unknown one in "
                "`export.allow`, or set `export.licences` to `warn` if you do not publish the "
                "corpus"
            )
        return self

    @property
    def trained(self) -> list[str]:
        """The models that are fine-tuned: the writer only where a reverse step uses it."""
        steps = (self.reverse.question, self.reverse.solution)
        writer = any(step.model is None for step in steps)
        return ["codegen", *(["writer"] if writer else []), "student"]

    @property
    def used_models(self) -> list[str]:
        """The names of the models in `models` that some job reads."""
        unused = {"writer"} - set(self.trained)
        return sorted({model for key, model in self._models_by_key().items() if key not in unused})

    def chat_models(self) -> dict[str, str]:
        """Returns the config key of each model that is prompted with its chat template, by name.

        Of several keys that name a model, it is the first. A server applies the template of a
        served model itself.
        """
        unused = {"writer"} - set(self.trained)
        if self.student.prompt != "chat":
            unused.add("student")
        if self.pass_rate is not None and self.pass_rate.prompt != "chat":
            unused.add("pass_rate")
        unused.add("embedding")
        keys: dict[str, str] = {}
        for key, model in self._models_by_key().items():
            if key not in unused and not isinstance(self.models[model], ServedModel):
                keys.setdefault(model, f"{key}.model")
        return keys

    def _models_by_key(self) -> dict[str, str]:
        """Returns the name of each section's model, by the section's key."""
        named = {key: model for key, (model, _) in self._generating_models().items() if model}
        return {**self._trained_models(), **named}

    def unifying(self) -> Unifying:
        """Returns what the Code CoTs of every source depend on, besides their conversion."""
        rules = {name: getattr(self.verify, name) for name in ProgramRules.model_fields}
        return Unifying(rules=ProgramRules(**rules), sandbox=self.sandbox)

    def answering(self, benchmark: str) -> Answering:
        """Returns what a model's answers to a benchmark depend on."""
        return Answering(
            engine=self.bench.engine,
            sampling=self.bench.sampling_of(benchmark),
            samples=self.bench.benchmarks[benchmark].samples,
            prompt=self.student.prompt,
        )

    @property
    def benchmarked(self) -> list[str]:
        """The models that answer the benchmarks."""
        return ["base", "student", *self.ablations]

    def ablation_settings(self, ablation: str) -> Corpus:
        """Returns the checks of the corpus that apply to the rows of an ablation.

        Decontamination always does; its rows have no vectors, as seeds have none for their own.
        Pass rates and constant answers are known of checked rows alone.
        """
        decontaminate = self.corpus.decontaminate.of_seeds()
        if self.ablations[ablation].corpus == "seeds_only":
            return Corpus(decontaminate=decontaminate)
        unused = {"min_rows", "pass_rates", "constant_answers", "constant_answers_chance"}
        defaults = {name: Corpus.model_fields[name].default for name in unused}
        return self.corpus.model_copy(update={**defaults, "decontaminate": decontaminate})

    def ablation_student(self) -> Student:
        """Returns what the students of the ablations depend on: any number of rows is enough."""
        training = self.student.training.model_copy(update={"min_rows": 1})
        return self.student.model_copy(update={"training": training})

    def benchmark_problems(self, benchmark: str) -> Benchmark:
        """Returns what a benchmark's problems depend on: not how they are answered and graded."""
        others = {"tolerance": None, "samples": 1, "sampling": None}
        return self.bench.benchmarks[benchmark].model_copy(update=others)

    def grading(self, benchmark: str) -> Grading:
        """Returns what the grades of a benchmark's answers depend on."""
        section = self.bench.benchmarks[benchmark]
        tolerance = section.official_tolerance if section.tolerance is None else section.tolerance
        return Grading(tolerance=tolerance, grader_timeout_s=self.bench.grader_timeout_s)

    def published(self) -> Published | None:
        """Returns the published scores, if the student's base model is theirs."""
        published = self.bench.published
        base = self.models[self.student.model].base_name
        return published if published and published.base.lower() == base.lower() else None

    def converters(self) -> dict[str, LlmUnify]:
        """Returns the sections of the converters that are models, by source."""
        return {
            name: source.unify
            for name, source in self.sources.items()
            if isinstance(source.unify, LlmUnify)
        }

    def hub_sources(self) -> dict[str, HubFiles]:
        """Returns the data sets that are downloaded from a hub, by source."""
        return {
            name: source.seeds.hub
            for name, source in self.sources.items()
            if isinstance(source.seeds, Table) and source.seeds.hub is not None
        }

    def held_out(self) -> list[str]:
        """Returns the names of the sources with held-out seeds."""
        return [name for name, source in self.sources.items() if source.seeds.held_out]

    def embedded_benchmarks(self) -> list[str]:
        """Returns the names of the benchmarks with which the corpus is compared by vectors."""
        of_files = self.benchmark_files()
        compared = self.corpus.decontaminate
        return [
            name
            for name in self.bench.benchmarks
            if "embedding" in (compared.layers if name in of_files else compared.held_out)
        ]

    def benchmark_files(self) -> list[str]:
        """Returns the names of the benchmarks that are not held-out seeds."""
        benchmarks = self.bench.benchmarks.items()
        return [name for name, benchmark in benchmarks if not isinstance(benchmark, HeldOut)]

    def _trained_models(self) -> dict[str, str]:
        """Returns the name of the model that each training starts from, by the section's key."""
        return {
            "codegen": self.codegen.model,
            "writer": self.writer.model,
            "student": self.student.model,
        }

    def _generating_models(self) -> dict[str, tuple[str | None, EngineConfig]]:
        """Returns a section's model (None for the writer) and engine, by the section's key.

        That of `embedding` embeds; the others generate.
        """
        question, solution = self.reverse.question, self.reverse.solution
        round_trip, llm_judge = self.reverse.round_trip, self.reverse.llm_judge
        found: dict[str, tuple[str | None, EngineConfig]] = {
            "reverse.question": (question.model, question.engine),
            "reverse.solution": (solution.model, solution.engine),
        }
        if round_trip is not None:
            found["reverse.round_trip"] = (round_trip.model, round_trip.engine)
        if llm_judge is not None:
            found["reverse.llm_judge"] = (llm_judge.model, llm_judge.engine)
        if self.pass_rate is not None:
            found["pass_rate"] = (self.pass_rate.model, self.pass_rate.engine)
        if self.embedding is not None:
            found["embedding"] = (self.embedding.model, self.embedding.engine)
        for name, llm in self.converters().items():
            found[f"sources.{name}.unify"] = (llm.model, llm.engine)
        return found


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:  # before keys of an anchor are merged
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"the key `{key.value}` is given twice",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_config(path: Path) -> dict[str, Any]:
    """Reads a YAML file into plain values.

    Raises:
        UserError: The file is missing, is not valid YAML, gives a key twice, or holds no mapping.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such config file; correct the path") from None
    except yaml.YAMLError as e:
        line = getattr(getattr(e, "problem_mark", None), "line", None)
        at = "" if line is None else f", line {line + 1}"
        problem = getattr(e, "problem", None) or e
        raise UserError(f"{path}{at}: not valid YAML ({problem}); correct the line") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must hold keys and values at the top level, as config.yaml does")
    return raw


def check_config(raw: dict[str, Any], name: str) -> Config:
    """Returns the config that `raw` describes.

    Args:
        raw: Plain values, as read from YAML and merged by Snakemake.
        name: The file's name, for the error message.

    Raises:
        UserError: A key is invalid; the message explains the first such key.
    """
    try:
        return Config.model_validate(raw)
    except ValidationError as e:
        raise UserError(f"{name}: {explain(e, Config)}") from None
