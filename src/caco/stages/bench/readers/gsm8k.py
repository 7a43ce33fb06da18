"""Benchmarks in the format of GSM8K's JSON lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from caco.config.bench import Gsm8kTest
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.readers.gsm8k import form_of, gsm8k_rows


def problems(benchmark: Gsm8kTest, name: str, held_out: Sequence[Path]) -> Iterator[Seed]:
    """Streams the problems; see `caco.stages.bench.problems.problems`."""
    key = f"bench.benchmarks.{name}.path"
    for row in gsm8k_rows(benchmark.path, name, key=key):
        if isinstance(row, Rejected):
            form = form_of(benchmark.path)
            wrong_file = f"{form}, so set `{key}` to GSM8K's .jsonl file, or " if form else ""
            raise UserError(
                f"{benchmark.path}, {row.reason}; {wrong_file}correct the row, a benchmark must be "
                "complete"
            )
        yield row
