"""The problems of a benchmark, as seeds."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caco.config.bench import Benchmark
from caco.config.section import load_implementation
from caco.errors import UserError
from caco.rows.seed import Seed


def problems(benchmark: Benchmark, name: str, held_out: Sequence[Path]) -> Iterator[Seed]:
    """Streams a benchmark's problems.

    Args:
        benchmark: The benchmark's section.
        name: Its name in the config.
        held_out: Files of held-out seeds, for a benchmark of kind `held_out`.

    Raises:
        UserError: A row is malformed (a benchmark must be complete to be comparable), or there are
            fewer problems than `min_rows`.
    """
    rows: Iterator[Seed] = load_implementation(benchmark).problems(benchmark, name, held_out)
    count = 0
    for row in rows:
        yield row
        count += 1
    if count < benchmark.min_rows:
        raise UserError(
            f"the benchmark `{name}` has {count:,} problems, but "
            f"`bench.benchmarks.{name}.min_rows` is {benchmark.min_rows:,}; correct "
            f"`bench.benchmarks.{name}`, or remove it"
        )
