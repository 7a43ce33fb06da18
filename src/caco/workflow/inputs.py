"""Input files of the user, checked before a run starts."""

from pathlib import Path

from caco.config.bench import HeldOut, TableBenchmark
from caco.config.config import Config
from caco.config.models import LocalModel
from caco.config.sources import Gsm8kFile, Table
from caco.config.tables import TabularFiles
from caco.errors import UserError


def local_inputs(config: Config) -> dict[str, list[str]]:
    """Returns the files that each rule's job reads from outside the workflow, by config key.

    Keys are `models.{name}`, `sources.{name}` and `bench.benchmarks.{name}`. The list of a section
    without input files is empty.

    Raises:
        UserError: A file or model folder does not exist.
    """
    found: dict[str, list[str]] = {}
    for name, model in config.models.items():
        key = f"models.{name}"
        found[key] = []
        if isinstance(model, LocalModel):
            found[key].append(_existing(Path(model.path) / "config.json", f"{key}.path", "model"))
    for name, source in config.sources.items():
        key = f"sources.{name}"
        found[key] = []
        if isinstance(source.seeds, Gsm8kFile):
            found[key].append(_existing(Path(source.seeds.path), f"{key}.seeds.path", "seed"))
        elif isinstance(source.seeds, Table):
            found[key] += _tabular(source.seeds, f"{key}.seeds.path", "seed")
    for name, benchmark in config.bench.benchmarks.items():
        key = f"bench.benchmarks.{name}"
        found[key] = []
        if isinstance(benchmark, TableBenchmark):
            found[key] += _tabular(benchmark, f"{key}.path", "benchmark")
        elif not isinstance(benchmark, HeldOut):
            found[key].append(_existing(Path(benchmark.path), f"{key}.path", "benchmark"))
    return found


def model_folders(config: Config) -> list[str]:
    """Returns the folders of the run's local models, which jobs on other nodes read."""
    used = (config.models[name] for name in config.used_models)
    return [model.path for model in used if isinstance(model, LocalModel)]


def _tabular(section: TabularFiles, key: str, what: str) -> list[str]:
    files = section.files() or [section.path]
    return [_existing(Path(file), key, what) for file in files]


def _existing(path: Path, key: str, what: str) -> str:
    if not path.is_file():
        raise UserError(
            f"{path}: there is no such {what} file; key `{key}` of the config must name one that "
            "exists"
        )
    return str(path)
