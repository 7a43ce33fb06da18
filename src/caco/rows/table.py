"""Tables of rows on disk: Parquet with zstd, streamed, whole or absent.

A row type is a frozen dataclass; its Arrow schema is derived from its annotations, so that what a
module documents is what is written. Extra columns in a file are refused as loudly as missing ones:
a reader that ignores what it does not know hides a version clash.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self, TypeVar, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.runtime.atomic_files import written_aside
from caco.runtime.provenance import Counts

_BATCH = 1_000  # rows held in memory while reading or writing


class Row(Protocol):
    """A frozen dataclass whose annotations are among `_ARROW`'s keys."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Row)

_ARROW: dict[Any, tuple[pa.DataType, bool]] = {
    str: (pa.string(), False),
    int: (pa.int64(), False),
    float: (pa.float64(), False),
    bool: (pa.bool_(), False),
    list[str]: (pa.list_(pa.string()), False),
    str | None: (pa.string(), True),
    int | None: (pa.int64(), True),
    float | None: (pa.float64(), True),
}


def schema(row_type: type[Row]) -> pa.Schema:
    """Returns the Arrow schema of a row type, in the order of its fields."""
    hints = get_type_hints(row_type)
    return pa.schema(
        [
            pa.field(f.name, _ARROW[hints[f.name]][0], nullable=_ARROW[hints[f.name]][1])
            for f in fields(row_type)
        ]
    )


def write_rows(path: Path, row_type: type[R], rows: Iterable[R]) -> int:
    """Writes `rows` to `path` and returns how many there were.

    The file appears under its name only when it is whole. No rows make a file with a schema and no
    rows, which every reader takes.
    """
    arrow = schema(row_type)
    count = 0
    with (
        written_aside(path) as aside,
        pq.ParquetWriter(aside, arrow, compression="zstd") as out,
    ):
        batch: list[dict[str, Any]] = []
        for row in rows:
            batch.append(asdict(row))
            if len(batch) == _BATCH:
                out.write_batch(pa.RecordBatch.from_pylist(batch, schema=arrow))
                count += len(batch)
                batch.clear()
        out.write_batch(pa.RecordBatch.from_pylist(batch, schema=arrow))
        count += len(batch)
    return count


def _open(path: Path, row_type: type[Row]) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (pa.ArrowInvalid, OSError) as e:
        raise UserError(
            f"{path}: not a readable Parquet file ({str(e).splitlines()[0]}); "
            "delete it and run again, the rule that makes it will write it anew"
        ) from None
    found, wanted = file.schema_arrow, schema(row_type)
    if found.names != wanted.names:
        raise UserError(
            f"{path}: holds the columns {found.names}, but a {row_type.__name__} row has "
            f"{wanted.names}; it was written by another version, delete it and run again"
        )
    return file


def read_rows(path: Path, row_type: type[R]) -> Iterator[R]:
    """Streams the rows of `path`.

    Raises:
        UserError: The file is absent, unreadable, or of another row type.
    """
    file = _open(path, row_type)
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for values in batch.to_pylist():
                yield row_type(**values)
    except (pa.ArrowInvalid, OSError) as e:
        raise UserError(
            f"{path}: damaged ({str(e).splitlines()[0]}); delete it and run again, "
            "the rule that makes it will write it anew"
        ) from None


def count_rows(path: Path, row_type: type[Row]) -> int:
    """Returns how many rows `path` holds, from its footer alone."""
    return int(_open(path, row_type).metadata.num_rows)


def write_outcomes(
    accepted: Path, row_type: type[R], rejected: Path, outcomes: Iterable[R | Rejected]
) -> Counts:
    """Writes each outcome to the file of its kind and returns the counts.

    Both files appear only when both are whole.

    Args:
        accepted: Where rows of `row_type` go.
        row_type: The type of an accepted row.
        rejected: Where `Rejected` rows go.
        outcomes: One for each row of the stage's input.
    """
    counts = Counts()
    with (
        written_aside(accepted) as kept_aside,
        written_aside(rejected) as rejected_aside,
        _Table(kept_aside, row_type) as kept,
        _Table(rejected_aside, Rejected) as dropped,
    ):
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                counts.reject(outcome.verdict)
                dropped.add(outcome)
            else:
                counts.accept()
                kept.add(outcome)
    return counts


class _Table:
    """A Parquet file under way."""

    def __init__(self, path: Path, row_type: type[Row]) -> None:
        self._schema = schema(row_type)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._batch: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, row: Any) -> None:
        self._batch.append(asdict(row))
        if len(self._batch) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._batch, schema=self._schema))
        self._batch.clear()
