"""A benchmark's problems, as seeds."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caco.config.bench import Benchmark, HeldOut
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import read_rows
from caco.seeds.gsm8k import gsm8k_seeds


def problems(benchmark: Benchmark, name: str, held_out: Sequence[Path]) -> Iterator[Seed]:
    """Streams a benchmark's problems.

    Args:
        benchmark: The benchmark's section.
        name: Its name in the config.
        held_out: Files of held-out seeds, for a benchmark of them.

    Raises:
        UserError: A row is no problem: a benchmark with holes would measure something else.
    """
    if isinstance(benchmark, HeldOut):
        if not held_out:
            raise UserError(
                f"`bench.benchmarks.{name}` is made of held-out seeds: give their file (--held-out)"
            )
        for path in held_out:
            yield from read_rows(path, Seed)
        return
    for row in gsm8k_seeds(benchmark.path, name, key=f"bench.benchmarks.{name}.path"):
        if isinstance(row, Rejected):
            raise UserError(f"{benchmark.path}, {row.reason}; a benchmark must be whole, mend it")
        yield row
