"""The whole configuration, and how it is read."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from caco.config.bench import Bench, HeldOut
from caco.config.checks import Calibration, Corpus, SandboxLimits, Verify
from caco.config.engines import EngineConfig
from caco.config.generation import Reverse, Sample
from caco.config.models import Model, ServedModel
from caco.config.section import Section, explain
from caco.config.sources import LlmUnify, Source
from caco.config.training import Codegen, Student, Writer
from caco.errors import UserError

_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")  # names become parts of file names


class Config(Section):
    """Everything that decides what a run makes. Where it runs is the profile's."""

    run: str = Field(description="Name of the run: everything lands in `results/{run}`.")
    shards: int = Field(
        gt=0,
        le=99_999,
        description="Shards to sample. In no rule's spec: more shards, new jobs only.",
    )
    models: dict[str, Model] = Field(min_length=1, description="Models, by name.")
    sources: dict[str, Source] = Field(min_length=1, description="Sources of seeds, by name.")
    sandbox: SandboxLimits = Field(SandboxLimits(), description="Limits of untrusted programs.")
    codegen: Codegen = Field(description="The code generator.")
    sample: Sample = Field(description="Sampling of programs.")
    verify: Verify = Field(Verify(), description="The rules of verification.")
    writer: Writer = Field(description="The writer of questions and solutions.")
    reverse: Reverse = Field(description="Back-translation and its checks.")
    calibration: Calibration | None = Field(
        None, description="Trial of the dual verification on planted rows; null for none."
    )
    corpus: Corpus = Field(Corpus(), description="Assembly of the corpus.")
    student: Student = Field(description="The student.")
    bench: Bench = Field(description="Benchmarks of base and student.")

    @model_validator(mode="after")
    def _names_fit(self) -> "Config":
        for table, names in {
            "run": [self.run],
            "models": self.models,
            "sources": self.sources,
            "bench.benchmarks": self.bench.benchmarks,
        }.items():
            for name in names:
                if not _NAME.fullmatch(name):
                    raise ValueError(
                        f"the name `{name}` in `{table}` becomes part of a file name: use small "
                        "letters, digits and underscores"
                    )
        for user, model in self._named().items():
            if model not in self.models:
                raise ValueError(
                    f"`{user}.model` is `{model}`, which `models` does not define; "
                    f"it has {sorted(self.models)}"
                )
        for name, benchmark in self.bench.benchmarks.items():
            if not isinstance(benchmark, HeldOut):
                continue
            source = self.sources.get(benchmark.source)
            if source is None:
                raise ValueError(
                    f"`bench.benchmarks.{name}.source` is `{benchmark.source}`, which `sources` "
                    f"does not define; it has {sorted(self.sources)}"
                )
            if source.seeds.held_out == 0:
                raise ValueError(
                    f"`bench.benchmarks.{name}` uses held-out seeds of `{benchmark.source}`, but "
                    f"`sources.{benchmark.source}.seeds.held_out` is 0"
                )
        return self

    @model_validator(mode="after")
    def _served_models_fit(self) -> "Config":
        served = {name for name, m in self.models.items() if isinstance(m, ServedModel)}
        for user, model in self._trained_on().items():
            if model in served and (user != "writer" or self.writer.fine_tune):
                raise ValueError(
                    f"`{user}.model` is `{model}`, which only a server has, so it cannot be "
                    "fine-tuned; name a model that is a checkpoint"
                    + (", or set `writer.fine_tune` to false" if user == "writer" else "")
                )
        for user, (named, engine) in self._generating().items():
            written_by = named or self.writer.model
            if written_by in served and engine.kind != "server":
                raise ValueError(
                    f"`{user}.engine.kind` is `{engine.kind}`, but only a server has "
                    f"`{written_by}`; set it to `server`"
                )
        return self

    @property
    def trained(self) -> list[str]:
        """What is fine-tuned: the writer only where a step of the reverse stage uses it."""
        steps = (self.reverse.question, self.reverse.solution)
        writer = any(step.model is None for step in steps)
        return ["codegen", *(["writer"] if writer else []), "student"]

    @property
    def used_models(self) -> list[str]:
        """The names of the models from outside that some job reads."""
        unused = {"writer"} - set(self.trained)
        return sorted({model for user, model in self._named().items() if user not in unused})

    def _named(self) -> dict[str, str]:
        """Returns the model that each section names, by the section's key."""
        named = {user: model for user, (model, _) in self._generating().items() if model}
        return {**self._trained_on(), **named}

    def converters(self) -> dict[str, LlmUnify]:
        """Returns, by source, the converters that are models."""
        return {
            name: source.unify
            for name, source in self.sources.items()
            if isinstance(source.unify, LlmUnify)
        }

    def _trained_on(self) -> dict[str, str]:
        """Returns the model that each training starts from, by the section's key."""
        return {
            "codegen": self.codegen.model,
            "writer": self.writer.model,
            "student": self.student.model,
        }

    def _generating(self) -> dict[str, tuple[str | None, EngineConfig]]:
        """Returns the model that a section names, if it does, and its engine, by the key."""
        question, solution = self.reverse.question, self.reverse.solution
        llm_judge = self.reverse.llm_judge
        found: dict[str, tuple[str | None, EngineConfig]] = {
            "reverse.question": (question.model, question.engine),
            "reverse.solution": (solution.model, solution.engine),
        }
        if llm_judge is not None:
            found["reverse.llm_judge"] = (llm_judge.model, llm_judge.engine)
        for name, llm in self.converters().items():
            found[f"sources.{name}.unify"] = (llm.model, llm.engine)
        return found


def read_config(path: Path) -> dict[str, Any]:
    """Reads a YAML file into plain values.

    Raises:
        UserError: The file is absent or is not YAML.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such config file") from None
    except yaml.YAMLError as e:
        line = getattr(getattr(e, "problem_mark", None), "line", None)
        at = "" if line is None else f", line {line + 1}"
        problem = getattr(e, "problem", None) or e
        raise UserError(f"{path}{at}: not YAML ({problem}); mend the line") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must hold keys and values at its top, as config.yaml does")
    return raw


def check_config(raw: dict[str, Any], name: str) -> Config:
    """Returns the config that `raw` describes.

    Args:
        raw: Plain values, as read from YAML and merged by Snakemake.
        name: The file's name, for the error.

    Raises:
        UserError: The first wrong key, in one sentence.
    """
    try:
        return Config.model_validate(raw)
    except ValidationError as e:
        raise UserError(f"{name}: {explain(e, Config)}") from None
