"""Tables of rows on disk: Parquet with zstd, streamed, written atomically.

A row type is a frozen dataclass. Its Arrow schema is derived from its annotations, so that the
module that documents the columns also defines them. A file with an extra column is an error, as is
one with a missing column: both mean that another version wrote it.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self, TypedDict, TypeVar, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import CacoError, UserError
from caco.rows.rejected import Rejected
from caco.runtime.atomic_files import atomic_file
from caco.runtime.file_system import file_system_error
from caco.runtime.provenance import Counts

_BATCH = 1_000  # rows held in memory while reading or writing
# What Arrow raises for a damaged file; damaged text is a ValueError, a damaged size a MemoryError.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, MemoryError)
_DIGEST = "caco.rows.sha256"  # key of the metadata


class Row(Protocol):
    """A frozen dataclass whose annotations are among `_ARROW`'s keys."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Row)


class Message(TypedDict):
    """One message of a conversation, in the form of chat templates."""

    role: str
    content: str


_ARROW: dict[Any, tuple[pa.DataType, bool]] = {
    str: (pa.string(), False),
    int: (pa.int64(), False),
    float: (pa.float64(), False),
    bool: (pa.bool_(), False),
    list[str]: (pa.list_(pa.string()), False),
    list[Message]: (
        pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        False,
    ),
    str | None: (pa.string(), True),
    bytes | None: (pa.binary(), True),
    list[int] | None: (pa.list_(pa.int32()), True),
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
    """Writes `rows` to `path` and returns their number.

    The write is atomic. Without rows, the file has a schema and zero rows.
    """
    count = 0
    with rows_added(path, row_type) as add:
        for row in rows:
            add(row)
            count += 1
    return count


@contextmanager
def rows_added(path: Path, row_type: type[R]) -> Iterator[Callable[[R], None]]:
    """Yields a function that adds a row to `path`, which is written atomically at the end."""
    with atomic_file(path) as aside, _RowWriter(aside, row_type) as out:
        yield out.add


def _open(path: Path, row_type: type[Row] | None) -> pq.ParquetFile:
    """Opens a file; without a row type, of any columns."""
    try:
        path.open("rb").close()  # its errors have a number, unlike pyarrow's for a folder
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except _UNREADABLE as e:
        raise _unreadable(path, e) from None
    if row_type is None:
        return file
    actual, expected = file.schema_arrow, schema(row_type)
    if actual.names != expected.names:
        raise UserError(
            f"{path}: has the columns {actual.names}, but a {row_type.__name__} row has "
            f"{expected.names}; another version wrote it, so delete it and run again"
        )
    for found, wanted in zip(actual, expected, strict=True):
        if found.type != wanted.type:
            raise UserError(
                f"{path}: the column `{wanted.name}` has the type {found.type}, but that of a "
                f"{row_type.__name__} row is {wanted.type}; another version or program wrote it, "
                "so delete it and run again"
            )
    return file


def _require_values(path: Path, batch: pa.RecordBatch, schema: pa.Schema) -> None:
    """Raises `UserError` for a null where a row has a value."""
    for field, column in zip(schema, batch.columns, strict=True):
        if not field.nullable and column.null_count:
            raise _damaged(path, f"the column `{field.name}` contains a null")


def read_rows(path: Path, row_type: type[R]) -> Iterator[R]:
    """Streams the rows of `path`.

    Raises:
        UserError: The file is missing, unreadable, damaged, or of another row type. What the
            checksum of a page does not show is raised after the last row.
    """
    for values in _values(path, _open(path, row_type), schema(row_type)):
        yield row_type(**values)


def read_all(paths: Iterable[Path], row_type: type[R]) -> Iterator[R]:
    """Yields the rows of several files, as `read_rows` those of one."""
    for path in paths:
        yield from read_rows(path, row_type)


def check_rows(path: Path) -> None:
    """Reads a file of rows of any type.

    Raises:
        UserError: The file is missing, unreadable or damaged.
    """
    file = _open(path, None)
    for _ in _values(path, file, file.schema_arrow):
        pass


def _values(path: Path, file: pq.ParquetFile, columns: pa.Schema) -> Iterator[dict[str, Any]]:
    digest = _Digest()
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            _require_values(path, batch, columns)
            yield from digest.add(batch)
    except _UNREADABLE as e:
        raise file_system_error(e, path) or _damaged(path, _first_line(e)) from None
    if (file.metadata.metadata or {}).get(_DIGEST.encode()) != digest.value().encode():
        raise _damaged(path, "its rows are not those that were written")


def _unreadable(path: Path, error: BaseException) -> CacoError:
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: there is no such file; run the rule that makes it")
    return file_system_error(error, path) or UserError(
        f"{path}: not a readable Parquet file ({_first_line(error)}); "
        "delete it and run again to recreate it"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"{path}: damaged ({why}); delete it and run again to recreate it")


def read_columns(path: Path, columns: Collection[str] | None = None) -> pa.Table:
    """Reads the columns that a file of rows of any type has of `columns`; without them, all.

    The checksum of the rows is not compared.

    Raises:
        UserError: The file is missing or unreadable.
    """
    file = _open(path, None)
    names = [name for name in file.schema_arrow.names if columns is None or name in columns]
    try:
        return file.read(columns=names)
    except _UNREADABLE as e:
        raise _unreadable(path, e) from None


def column_names(path: Path) -> list[str]:
    """Returns the names of the columns of a file of rows of any type, from its footer alone.

    Raises:
        UserError: The file is missing or unreadable.
    """
    names: list[str] = _open(path, None).schema_arrow.names
    return names


def count_rows(path: Path, row_type: type[Row] | None = None) -> int:
    """Returns the number of rows in `path`, from its footer alone; without a row type, of any rows.

    Raises:
        UserError: The file is missing, unreadable, or of another row type.
    """
    return int(_open(path, row_type).metadata.num_rows)


def write_outcomes(
    accepted: Path, row_type: type[R], rejected: Path, outcomes: Iterable[R | Rejected]
) -> Counts:
    """Writes accepted and rejected rows to their files and returns the counts.

    Both files are written atomically, after the last outcome.

    Args:
        accepted: The file of accepted rows.
        row_type: The type of an accepted row.
        rejected: The file of `Rejected` rows.
        outcomes: One accepted or rejected row for each row of the stage's input.
    """
    counts = Counts()
    with (
        atomic_file(accepted) as accepted_part,
        atomic_file(rejected) as rejected_part,
        _RowWriter(accepted_part, row_type) as accepted_rows,
        _RowWriter(rejected_part, Rejected) as rejected_rows,
    ):
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                counts.reject(outcome.verdict)
                rejected_rows.add(outcome)
            else:
                counts.accept()
                accepted_rows.add(outcome)
    return counts


class _Digest:
    """A digest of rows, in order: a page's checksum covers neither its header nor the footer."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, batch: pa.RecordBatch) -> list[dict[str, Any]]:
        """Adds the rows of a batch, and returns them."""
        rows: list[dict[str, Any]] = batch.to_pylist()
        for row in rows:
            self._hash.update(repr(list(row.values())).encode("utf-8", "surrogatepass"))
        return rows

    def value(self) -> str:
        return self._hash.hexdigest()


class _RowWriter:
    """Writes rows to one Parquet file, in batches of `_BATCH`, with checksums and their digest."""

    def __init__(self, path: Path, row_type: type[Row]) -> None:
        self._schema = schema(row_type)
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", write_page_checksum=True
        )
        self._digest = _Digest()
        self._batch: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
            self._writer.add_key_value_metadata({_DIGEST: self._digest.value()})
        self._writer.close()

    def add(self, row: Any) -> None:
        self._batch.append(asdict(row))
        if len(self._batch) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        batch = pa.RecordBatch.from_pylist(self._batch, schema=self._schema)
        self._digest.add(batch)
        self._writer.write_batch(batch)
        self._batch.clear()
