"""How many seeds a configuration's sources give, without reading them."""

from pathlib import Path

from caco.config.sources import Gsm8kFile
from caco.config.workflow import Config
from caco.errors import UserError


def seed_counts(config: Config) -> dict[str, int]:
    """Returns the seeds that training may see, by source.

    Raises:
        UserError: A file whose lines are the only count is not there.
    """
    counts = {}
    for name, source in config.sources.items():
        reader = source.seeds
        rows = reader.rows
        if rows is None:
            assert isinstance(reader, Gsm8kFile)
            rows = _lines(Path(reader.path), f"sources.{name}.seeds")
        counts[name] = rows - reader.held_out
    return counts


def _lines(path: Path, key: str) -> int:
    try:
        with path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError as e:
        raise UserError(
            f"{path}: cannot be read to count its rows ({e.strerror}); correct `{key}.path`, or "
            f"set `{key}.rows`"
        ) from None
