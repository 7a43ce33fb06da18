"""Benchmarks in files of any tabular format, whose columns the config maps to fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from caco.config.bench import TableBenchmark
from caco.config.section import load_implementation
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.field_map import FieldMap
from caco.stages.seeds.fields import Malformed
from caco.stages.seeds.normalise import make_seed
from caco.text.tolerances import absolute_errors

_LICENCE = "NOASSERTION"  # of SPDX: the problems are in no data that this workflow makes


def problems(
    benchmark: TableBenchmark, name: str, held_out: Sequence[Path]
) -> Iterator[Seed | Rejected]:
    """Streams the problems; see `caco.stages.bench.problems.problems`.

    A problem has the program that its worked solution states, with which decontamination compares.
    """
    mapping = FieldMap(benchmark, name, f"bench.benchmarks.{name}")

    def problem(row: Mapping[str, Any]) -> Seed:
        text, answer = mapping.required("problem", row), mapping.answer(row)
        error = _absolute_error(mapping.text("absolute_error", row))
        seed = make_seed(name, text, answer, solution=mapping.solution(row), licence=_LICENCE)
        program = load_implementation(benchmark.fields).program(seed) if seed.solution else None
        return replace(seed, program=program, absolute_error=error)

    yield from mapping.seeds(problem)


def _absolute_error(text: str | None) -> str | None:
    """Returns the absolute error of a row, None for an exact answer.

    Raises:
        Malformed: It is none.
    """
    try:
        return text.strip() if text and any(absolute_errors(text)) else None
    except ValueError as e:
        raise Malformed(f"its absolute error: {e}") from None
