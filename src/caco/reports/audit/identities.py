"""Finding an identity in the tables of a run: every row that has it, in every stage."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from caco.errors import UserError
from caco.reports.run_files import Job, Run, row, tables
from caco.rows.solution import solution_id
from caco.rows.table import count_rows, read_columns

_COLUMNS = ("seed_id", "problem_id", "program_id", "sample_id", "question_id", "row_id")
_MIN_PREFIX = 4  # digits of a shortened identity
_ROW = "row:"  # a row of the corpus by its position


class NoRowError(UserError):
    """No row of a run's tables has an identity."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that has an identity.

    Attributes:
        name: Its file, relative to the run's folder.
        job: The job that wrote the file.
        index: Its position in the file, from 0.
        column: The column of the identity.
        value: The identity.
    """

    name: str
    job: Job
    index: int
    column: str
    value: str

    @property
    def folder(self) -> str:
        """The first folder of its file in the run, such as `seeds`."""
        return self.name.partition("/")[0]


@dataclass(slots=True)
class Trace:
    """What was found out about an identity.

    Attributes:
        lines: What to print.
        gaps: One sentence for each end that is missing, though the records promise it.
    """

    lines: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def add(self, label: str, text: str) -> None:
        """Adds a line."""
        self.lines.append(f"{label:<13}{text}")

    def gap(self, text: str) -> None:
        """Adds a missing end, also as a line."""
        self.gaps.append(text)
        self.add("missing", text)


def find(run: Run, identity: str) -> tuple[list[Hit], int | None]:
    """Returns the rows with an identity, in data order, and the number of a solution.

    Args:
        run: The run.
        identity: An identity, or its first digits, at least four; `ID.N` for variant N of a
            question; `row:N` for row N of the corpus, from 0.

    Returns:
        The rows, and the variant, None where no variant is named.

    Raises:
        NoRowError: No row has the identity.
        UserError: Its first digits are those of several, or a file is missing or unreadable.
    """
    if identity.startswith(_ROW):
        identity = _of_corpus(run, identity)
    base, variant = identity, None
    if "." in identity:
        # A rejected question or solution has the number in its identity.
        if found := list(rows_with(run, [identity])):
            return found, None
        before, _, number = identity.rpartition(".")
        base, variant = (before, int(number)) if number.isdecimal() else (identity, None)
    found = list(rows_with(run, [base], prefix=len(base) >= _MIN_PREFIX))
    values = sorted({hit.value for hit in found})
    if base in values:
        return [hit for hit in found if hit.value == base], variant
    if not values:
        raise NoRowError(
            f"{run.folder}: no row of its tables has the identity {identity!r}; pass a whole one, "
            f"its first {_MIN_PREFIX} or more digits, or row:N for row N of the corpus"
        )
    if len(values) > 1:
        raise UserError(
            f"{run.folder}: {len(values):,} identities begin with {base!r}, such as "
            f"{', '.join(values[:3])}; pass more digits"
        )
    return found, variant


def rows_with(
    run: Run,
    wanted: Collection[str],
    columns: Collection[str] = _COLUMNS,
    prefix: bool = False,
    folders: Collection[str] | None = None,
) -> Iterator[Hit]:
    """Yields the rows that have one of some identities.

    Args:
        run: The run.
        wanted: The identities.
        columns: The columns in which they are searched.
        prefix: Whether the first digits suffice.
        folders: The folders of the run that are searched; None for all.

    Raises:
        UserError: A table is missing or unreadable.
    """
    for name, job in tables(run):
        if folders is not None and name.partition("/")[0] not in folders:
            continue
        found = read_columns(run.path(name), columns)
        for column in found.column_names:
            if found.schema.field(column).type != pa.string():
                raise UserError(
                    f"{run.path(name)}: the column `{column}` has the type "
                    f"{found.schema.field(column).type} and not string, so another program wrote "
                    f"it; type `python scripts/audit.py verify {run.folder}`"
                )
            for index in _matches(found[column], wanted, prefix):
                yield Hit(name, job, index, column, found[column][index].as_py())


def values(run: Run, hits: Iterable[Hit], column: str) -> set[str]:
    """Returns the values that some rows have in a column of text."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for hit in hits:
        by_file[hit.name].append(hit.index)
    return {
        str(value)
        for name, indices in by_file.items()
        for value in read_columns(run.path(name), (column,)).take(indices)[column].to_pylist()
    }


def rejected_row(text: str) -> dict[str, Any]:
    """Returns the row that a rejection keeps; empty for one that no stage could read."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _matches(column: Any, wanted: Collection[str], prefix: bool) -> list[int]:
    if prefix:
        (first,) = wanted
        mask = pc.starts_with(column, first)
    else:
        mask = pc.is_in(column, pa.array(list(wanted), pa.string()))
    indices: list[int] = pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()
    return indices


def _of_corpus(run: Run, identity: str) -> str:
    """Returns the identity of the row of the corpus that `row:N` names."""
    number, name = identity.removeprefix(_ROW), "corpus/train.parquet"
    rows = count_rows(run.path(name))
    if not number.isdecimal() or int(number) >= rows:
        raise UserError(
            f"{run.path(name)}: has no row {number!r} among its {rows:,} rows, which are counted "
            "from 0"
        )
    found = row(run.path(name), int(number))
    if "question_id" not in found:
        raise UserError(
            f"{run.path(name)}: has no column `question_id`, so another program wrote it; "
            f"type `python scripts/audit.py verify {run.folder}`"
        )
    variant = int(found.get("solution_variant") or 0)
    return solution_id(found["question_id"], variant)
