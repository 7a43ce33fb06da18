"""The problems of a benchmark, as seeds."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caco.config.bench import Benchmark
from caco.config.section import load_implementation
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.rejections import Rejections


def problems(
    benchmark: Benchmark, name: str, held_out: Sequence[Path]
) -> Iterator[Seed | Rejected]:
    """Streams a benchmark's problems, and its rows that are none.

    A problem that the benchmark states twice is two problems, as in its published size.

    Verdicts: `malformed`; `filtered` (a filter does not hold, or the problem has a picture).

    Args:
        benchmark: The benchmark's section.
        name: Its name in the config.
        held_out: Files of held-out seeds, for a benchmark of kind `held_out`.

    Raises:
        UserError: A file cannot be read, or there are fewer problems than `min_rows`. The last is
            raised after the last row.
    """
    rows: Iterator[Seed | Rejected] = load_implementation(benchmark).problems(
        benchmark, name, held_out
    )
    count, rejections = 0, Rejections()
    for row in rows:
        if isinstance(row, Rejected):
            rejections.add(row)
        else:
            count += 1
        yield row
    rejections.print(f"benchmark {name}")
    if count < benchmark.min_rows:
        raise UserError(
            f"the benchmark `{name}` has {count:,} problems, but "
            f"`bench.benchmarks.{name}.min_rows` is {benchmark.min_rows:,}; correct "
            f"`bench.benchmarks.{name}`, or remove it{rejections.cause(count)}"
        )
