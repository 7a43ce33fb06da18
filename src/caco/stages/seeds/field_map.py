"""Rows of tabular files whose columns the config maps to the fields of a seed.

The reader `table` of sources and the one of benchmarks read through it.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from caco.config.tables import TabularFiles
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.fields import EXTRACTIONS, Column, Field, Malformed, unwrapped
from caco.stages.seeds.files import Record, records
from caco.stages.seeds.filters import Filter

P = TypeVar("P")
_NUMBERS = ("answer", "id", "absolute_error")  # fields that may be numbers
_PROBED = 100  # rows that show the columns of a file


class FieldMap:
    """The columns of a section's fields and filters.

    Attributes:
        tests: The column of a function's tests, where the section has one.
    """

    def __init__(self, section: TabularFiles, name: str, key: str) -> None:
        """Parses the fields and filters.

        Args:
            section: The section.
            name: Name of the source or the benchmark.
            key: The config key of the section, for error messages.

        Raises:
            UserError: A field or filter cannot be parsed.
        """
        self._section, self._name, self._key = section, name, key
        spec = section.fields.model_dump(exclude={"extract"}, exclude_none=True)
        tests = spec.pop("tests", None)
        self.tests = _parsed(Column, tests, f"{key}.fields.tests") if tests else None
        self._fields = {name: _parsed(Field, text, f"{key}.fields.{name}")
                        for name, text in spec.items()}  # fmt: skip
        self._filters = [_parsed(Filter, text, f"{key}.filters") for text in section.filters]

    def seeds(self, seed: Callable[[Mapping[str, Any]], Seed]) -> Iterator[Seed | Rejected]:
        """Streams the rows of the section's files: seeds, and rows that are none.

        Verdicts: `malformed`; `filtered` (a filter does not hold).

        Args:
            seed: Returns the seed of a row; raises `Malformed` for a row that is none.

        Raises:
            UserError: A file cannot be read, or a column that the config names is missing.
        """
        for file, record in islice(self._records(), self._section.rows):
            yield self._outcome(file, record, seed)

    def require_columns(self) -> None:
        """Reads the beginning of each file, and checks that it has the columns of the map.

        Raises:
            UserError: As `seeds`.
        """
        for file in self._files():
            self._require_columns(file, list(islice(self._rows(file), _PROBED)))

    def text(self, name: str, row: Mapping[str, Any]) -> str | None:
        """Returns the text of a field; None if the row or the section does not have it.

        Raises:
            Malformed: A value is not a text.
        """
        field = self._fields.get(name)
        return None if field is None else field.text(row, numbers=name in _NUMBERS)

    def required(self, name: str, row: Mapping[str, Any]) -> str:
        """Returns the text of a field that every row has.

        Raises:
            Malformed: It is missing, null or empty, or a value is not a text.
        """
        text = self.text(name, row)
        if text is None or not text.strip():
            columns = " or ".join(f"`{column.name}`" for column in self._fields[name].columns)
            raise Malformed(f"{columns} is {'missing or null' if text is None else 'empty'}")
        return text

    def answer(self, row: Mapping[str, Any]) -> str:
        """Returns the known answer of a row, without dollar signs around it.

        Raises:
            Malformed: There is none.
        """
        answer = unwrapped(EXTRACTIONS[self._section.fields.extract](self.required("answer", row)))
        if not answer:
            raise Malformed("its answer is empty")
        return answer

    def solution(self, row: Mapping[str, Any]) -> str | None:
        """Returns the worked solution of a row without what follows `####`; None if it has none.

        Raises:
            Malformed: A value is not a text.
        """
        text = self.text("solution", row)
        if text and self._section.fields.extract == "after_hashes":
            return text.rpartition("####")[0] or text
        return text

    def _files(self) -> list[str]:
        files = self._section.files()
        if not files:
            path = str(self._section.path)
            if Path(path).is_dir():
                fault = f"the folder has no file of rows; name those below it, as `{path}/**`"
            else:
                fault = "there is no such file"
            raise UserError(f"{path}: {fault}; correct `{self._key}.path`")
        return files

    def _rows(self, file: str) -> Iterator[Record]:
        return records(file, f"{self._key}.path")

    def _records(self) -> Iterator[tuple[str, Record]]:
        for file in self._files():
            rows = self._rows(file)
            first = list(islice(rows, _PROBED))
            self._require_columns(file, first)
            for row in chain(first, rows):
                yield file, row

    def _require_columns(self, file: str, rows: list[Record]) -> None:
        """Raises `UserError` if no row of a file's beginning has a column of the map."""
        columns = {name for row in rows if row.values for name in row.values}
        named = [(f"fields.{name}", c) for name, field in self._fields.items()
                 for c in field.columns]  # fmt: skip
        named += [("fields.tests", self.tests)] if self.tests else []
        named += [("filters", column) for one in self._filters for column in one.columns]
        for key, column in named:
            if columns and not column.known(columns):
                names = ", ".join(f"`{_line(name)[:40]}`" for name in sorted(columns)[:20])
                raise UserError(
                    f"{file}: it has no column `{column.name}`, which `{self._key}.{key}` names; "
                    f"it has {names}"
                )

    def _outcome(
        self, file: str, record: Record, seed: Callable[[Mapping[str, Any]], Seed]
    ) -> Seed | Rejected:
        if record.values is None:
            return self._rejected(file, record, "malformed", record.fault)
        try:
            for one in self._filters:
                if not one.meets(record.values):
                    return self._rejected(file, record, "filtered", f"`{one.text}` does not hold")
            return seed(record.values)
        except Malformed as e:
            return self._rejected(file, record, "malformed", str(e))

    def _rejected(self, file: str, record: Record, verdict: str, why: str) -> Rejected:
        try:
            name = self.text("id", record.values or {})
        except Malformed:
            name = None
        place = f"{record.place}{f' ({name})' if name else ''}"
        return rejected_record(self._name, file, record, verdict, f"{place}: {why}")


def rejected_record(name: str, file: str, record: Record, verdict: str, reason: str) -> Rejected:
    """Returns the rejection of a file's row.

    Args:
        name: Name of the source or the benchmark.
        file: Path of the file.
        record: The row.
        verdict: The verdict.
        reason: The reason.
    """
    text = record.text()
    return Rejected(
        row_id=digest("row", name, file, record.place, text),
        verdict=verdict,
        reason=reason,
        row=canonical_json({"file": file, "place": record.place, "text": text}),
    )


def _parsed(kind: Callable[[str], P], text: str, key: str) -> P:
    try:
        return kind(text)
    except ValueError as e:
        raise UserError(f"`{key}`: {e}; correct it") from None


def _line(text: str) -> str:
    return "\\n".join(text.splitlines())
