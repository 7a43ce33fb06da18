"""Benchmarks in files of any tabular format, whose columns the config maps to fields."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from caco.config.bench import TableBenchmark
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.field_map import FieldMap
from caco.stages.seeds.normalise import make_seed

_LICENCE = "NOASSERTION"  # of SPDX: the problems are in no data that this workflow makes


def problems(
    benchmark: TableBenchmark, name: str, held_out: Sequence[Path]
) -> Iterator[Seed | Rejected]:
    """Streams the problems; see `caco.stages.bench.problems.problems`."""
    mapping = FieldMap(benchmark, name, f"bench.benchmarks.{name}")

    def problem(row: Mapping[str, Any]) -> Seed:
        text, answer = mapping.required("problem", row), mapping.answer(row)
        return make_seed(name, text, answer, licence=_LICENCE)

    yield from mapping.seeds(problem)
