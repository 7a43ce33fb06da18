"""How many rows a configuration starts from: its seeds and its benchmarks' problems, unread."""

from dataclasses import dataclass
from pathlib import Path

from caco.config.bench import HeldOut
from caco.config.config import Config
from caco.config.sources import Gsm8kFile
from caco.errors import UserError

_GSM8K_TEST = 1_319  # problems (openai/grade-school-math), where the file is not at hand


@dataclass(frozen=True, slots=True)
class InputSizes:
    """Rows that are not made by the run.

    Attributes:
        seeds: Seeds that training may see, by source.
        problems: Problems of each benchmark.
    """

    seeds: dict[str, int]
    problems: dict[str, int]


def input_sizes(config: Config) -> InputSizes:
    """Returns the rows that a run starts from.

    Raises:
        UserError: A file of seeds whose lines are the only count is not there.
    """
    return InputSizes(_seeds(config), _problems(config))


def _seeds(config: Config) -> dict[str, int]:
    counts = {}
    for name, source in config.sources.items():
        reader = source.seeds
        rows = reader.rows
        if rows is None:
            assert isinstance(reader, Gsm8kFile)
            try:
                rows = _lines(Path(reader.path))
            except OSError as e:
                key = f"sources.{name}.seeds"
                raise UserError(
                    f"{reader.path}: cannot be read to count its rows ({e.strerror}); correct "
                    f"`{key}.path`, or set `{key}.rows`"
                ) from None
        counts[name] = rows - reader.held_out
    return counts


def _problems(config: Config) -> dict[str, int]:
    counts = {}
    for name, benchmark in config.bench.benchmarks.items():
        if isinstance(benchmark, HeldOut):
            counts[name] = config.sources[benchmark.source].seeds.held_out
        else:
            path = Path(benchmark.path)
            counts[name] = _lines(path) if path.exists() else _GSM8K_TEST
    return counts


def _lines(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())
