"""Input files of the user, checked before a run starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caco.config.bench import HeldOut, TableBenchmark
from caco.config.config import Config
from caco.config.models import LocalModel
from caco.config.sources import Gsm8kFile, Table
from caco.config.tables import TabularFiles
from caco.errors import UserError


@dataclass(frozen=True, slots=True)
class LocalInputs:
    """The files that each rule's job reads from outside the workflow.

    Attributes:
        files: The existing files by config key: `models.{name}`, `sources.{name}` and
            `bench.benchmarks.{name}`. The list of a section without input files is empty.
        missing: The error of each section of which a file does not exist, by the same keys.
    """

    files: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, UserError] = field(default_factory=dict)

    def missing_of(self, rule: str, identity: str) -> UserError | None:
        """Returns the error of a job whose file does not exist, or None.

        Args:
            rule: The rule of the job.
            identity: The name of its model, source or benchmark.
        """
        section = _SECTIONS.get(rule)
        return self.missing.get(f"{section}.{identity}") if section else None


# Sections of the config, by the rule whose jobs read their files.
_SECTIONS = {"model": "models", "seeds": "sources", "bench_problems": "bench.benchmarks"}


def local_inputs(config: Config) -> LocalInputs:
    """Returns the files that the jobs of a run read from outside the workflow."""
    found = LocalInputs()
    sections: tuple[tuple[str, dict[str, Any], Callable[[Any, str], list[str]]], ...] = (
        ("models", config.models, _of_model),
        ("sources", config.sources, _of_source),
        ("bench.benchmarks", config.bench.benchmarks, _of_benchmark),
    )
    for section, members, files_of in sections:
        for name, member in members.items():
            key = f"{section}.{name}"
            try:
                found.files[key] = files_of(member, key)
            except UserError as error:
                found.files[key] = []
                found.missing[key] = error
    return found


def _of_model(model: Any, key: str) -> list[str]:
    if not isinstance(model, LocalModel):
        return []
    return [_existing(Path(model.path) / "config.json", f"{key}.path", "model")]


def _of_source(source: Any, key: str) -> list[str]:
    match source.seeds:
        case Gsm8kFile(path=path):
            return [_existing(Path(path), f"{key}.seeds.path", "seed")]
        case Table(path=str(path)) as table:
            return _tabular(table, path, f"{key}.seeds.path", "seed")
        case _:
            return []


def _of_benchmark(benchmark: Any, key: str) -> list[str]:
    if isinstance(benchmark, HeldOut):
        return []
    if isinstance(benchmark, TableBenchmark):
        return _tabular(benchmark, benchmark.path, f"{key}.path", "benchmark")
    return [_existing(Path(benchmark.path), f"{key}.path", "benchmark")]


def is_partial(settings: Any) -> bool:
    """Returns whether a command line requests a part of the workflow, as with `--until`.

    Args:
        settings: Snakemake's `DAGSettings`.
    """
    return bool(
        set(settings.targets) - {"all"}
        or settings.until
        or settings.omit_from
        or settings.target_jobs
    )


def model_folders(config: Config) -> list[str]:
    """Returns the folders of the run's local models, which jobs on other nodes read."""
    used = (config.models[name] for name in config.used_models)
    return [model.path for model in used if isinstance(model, LocalModel)]


def _tabular(section: TabularFiles, path: str, key: str, what: str) -> list[str]:
    return [_existing(Path(file), key, what) for file in section.files() or [path]]


def _existing(path: Path, key: str, what: str) -> str:
    if not path.is_file():
        raise UserError(
            f"{path}: there is no such {what} file; key `{key}` of the config must name one that "
            "exists"
        )
    return str(path)
