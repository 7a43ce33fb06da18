"""Files of any tabular format, whose columns the config maps to the fields of a seed."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from caco.config.sources import Table
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.field_map import FieldMap
from caco.stages.seeds.fields import Column, Malformed
from caco.stages.seeds.normalise import make_seed
from caco.stages.seeds.tested_function import NoCall, tested_call, with_tests


def read(reader: Table, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source's files; see `FieldMap.seeds`."""
    mapping = FieldMap(reader, source, f"sources.{source}.seeds")

    def seed(row: Mapping[str, Any]) -> Seed:
        problem = mapping.required("problem", row)
        solution, program = mapping.solution(row), mapping.text("program", row)
        if mapping.tests is not None:
            program, tests = mapping.required("program", row), _tests(mapping.tests, row)
            try:
                call = tested_call(program, tests)
            except NoCall as e:
                raise Malformed(str(e)) from None
            problem, answer = f"{problem.strip()}\n\n{call.question}", call.answer
            program = with_tests(program, tests)
        else:
            answer = mapping.answer(row)
        return make_seed(
            source, problem, answer, solution=solution, program=program,
            domain=reader.domain, licence=reader.licence,
        )  # fmt: skip

    yield from mapping.seeds(seed)


def _tests(column: Column, row: Mapping[str, Any]) -> str:
    """Returns a function's tests: one text, a list of statements, or the text of such a list."""
    value = column.value(row)
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _list(value)
    lines = value if isinstance(value, list) else [value]
    if not lines or not all(isinstance(line, str) for line in lines):
        raise Malformed(f"`{column.name}` is neither a text nor a list of texts")
    return "\n".join(lines)


def _list(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
