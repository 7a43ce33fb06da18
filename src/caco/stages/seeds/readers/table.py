"""Files of any tabular format, whose columns the config maps to the fields of a seed."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, TypeVar

from caco.config.sources import Table
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.fields import EXTRACTIONS, Column, Field, Malformed
from caco.stages.seeds.files import Record, records
from caco.stages.seeds.filters import Filter
from caco.stages.seeds.normalise import make_seed
from caco.stages.seeds.tested_function import NoCall, tested_call, with_tests

P = TypeVar("P")
_PROBED = 100  # rows that show the columns of a file


class _Map:
    """The columns of a source's fields and filters."""

    def __init__(self, table: Table, source: str) -> None:
        self._table, self._source = table, source
        key = f"sources.{source}.seeds"
        spec = table.fields.model_dump(exclude={"extract"}, exclude_none=True)
        self.fields = {name: _parsed(Field, text, f"{key}.fields.{name}")
                       for name, text in spec.items() if name != "tests"}  # fmt: skip
        self.tests = (
            _parsed(Column, table.fields.tests, f"{key}.fields.tests")
            if table.fields.tests
            else None
        )
        self.filters = [_parsed(Filter, text, f"{key}.filters") for text in table.filters]

    def require_columns(self, file: str, rows: list[Record]) -> None:
        """Raises `UserError` if no row of a file's beginning has a column of the map."""
        columns = {name for row in rows if row.values for name in row.values}
        named = [(f"fields.{name}", c) for name, field in self.fields.items()
                 for c in field.columns]  # fmt: skip
        named += [("fields.tests", self.tests)] if self.tests else []
        named += [("filters", column) for one in self.filters for column in one.columns]
        for key, column in named:
            if columns and not column.known(columns):
                names = ", ".join(f"`{name[:40]}`" for name in sorted(columns)[:20])
                raise UserError(
                    f"{file}: it has no column `{column.name}`, which "
                    f"`sources.{self._source}.seeds.{key}` names; it has {names}"
                )

    def outcome(self, file: str, record: Record) -> Seed | Rejected:
        if record.values is None:
            return self._rejected(file, record, "malformed", record.fault)
        try:
            for one in self.filters:
                if not one.meets(record.values):
                    return self._rejected(file, record, "filtered", f"`{one.text}` does not hold")
            return self._seed(record.values)
        except Malformed as e:
            return self._rejected(file, record, "malformed", str(e))

    def _seed(self, row: Mapping[str, Any]) -> Seed:
        problem = self._required("problem", row)
        solution, program = self._text("solution", row), self._text("program", row)
        if self.tests is not None:
            program, tests = self._required("program", row), _tests(self.tests, row)
            try:
                call = tested_call(program, tests)
            except NoCall as e:
                raise Malformed(str(e)) from None
            problem, answer = f"{problem.strip()}\n\n{call.question}", call.answer
            program = with_tests(program, tests)
        else:
            answer = EXTRACTIONS[self._table.fields.extract](self._required("answer", row))
            if not answer.strip():
                raise Malformed("its answer is empty")
            if solution and self._table.fields.extract == "after_hashes":
                solution = solution.rpartition("####")[0] or solution
        return make_seed(
            self._source, problem, answer, solution=solution, program=program,
            domain=self._table.domain, licence=self._table.licence,
        )  # fmt: skip

    def _required(self, name: str, row: Mapping[str, Any]) -> str:
        text = self._text(name, row)
        if text is None or not text.strip():
            columns = " or ".join(f"`{column.name}`" for column in self.fields[name].columns)
            raise Malformed(f"{columns} is {'missing or null' if text is None else 'empty'}")
        return text

    def _text(self, name: str, row: Mapping[str, Any]) -> str | None:
        field = self.fields.get(name)
        return None if field is None else field.text(row, numbers=name in ("answer", "id"))

    def _rejected(self, file: str, record: Record, verdict: str, why: str) -> Rejected:
        try:
            name = self._text("id", record.values or {})
        except Malformed:
            name = None
        text = record.text()
        return Rejected(
            row_id=digest("row", self._source, file, record.place, text),
            verdict=verdict,
            reason=f"{record.place}{f' ({name})' if name else ''}: {why}",
            row=canonical_json({"file": file, "place": record.place, "text": text}),
        )


def read(reader: Table, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source's files: seeds, and rows that are none.

    Verdicts: `malformed`; `filtered` (a filter does not hold).

    Raises:
        UserError: A file cannot be read, a column that the config names is missing, or a field or
            filter cannot be parsed.
    """
    mapping = _Map(reader, source)
    files = reader.files()
    if not files:
        raise UserError(
            f"{reader.path}: there is no such file; correct `sources.{source}.seeds.path`"
        )
    for file, record in islice(_checked_rows(files, mapping, source), reader.rows):
        yield mapping.outcome(file, record)


def _checked_rows(files: list[str], mapping: _Map, source: str) -> Iterator[tuple[str, Record]]:
    for file in files:
        rows = records(file, f"sources.{source}.seeds.path")
        first = list(islice(rows, _PROBED))
        mapping.require_columns(file, first)
        for row in chain(first, rows):
            yield file, row


def _tests(column: Column, row: Mapping[str, Any]) -> str:
    """Returns a function's tests: one text, or a list of statements."""
    value = column.value(row)
    lines = value if isinstance(value, list) else [value]
    if not lines or not all(isinstance(line, str) for line in lines):
        raise Malformed(f"`{column.name}` is neither a text nor a list of texts")
    return "\n".join(lines)


def _parsed(kind: Callable[[str], P], text: str, key: str) -> P:
    try:
        return kind(text)
    except ValueError as e:
        raise UserError(f"`{key}`: {e}; correct it") from None
