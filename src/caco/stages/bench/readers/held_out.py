"""Benchmarks of held-out seeds: the part of a source that no training reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caco.config.bench import HeldOut
from caco.errors import UserError
from caco.rows.seed import Seed
from caco.rows.table import read_rows


def problems(benchmark: HeldOut, name: str, held_out: Sequence[Path]) -> Iterator[Seed]:
    """Streams the problems; see `caco.stages.bench.problems.problems`."""
    if not held_out:
        raise UserError(
            f"`bench.benchmarks.{name}` consists of held-out seeds; set --held-out to their file"
        )
    for path in held_out:
        yield from read_rows(path, Seed)
