"""Where two files differ first: the row and column of a table, the line of a text."""

import hashlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH = 1_000  # rows in memory
_SHOWN = 60  # characters of a value
_BEFORE = 20  # characters of a value before the first that differs
_UNREADABLE = (pa.ArrowException, OSError, ValueError)


def first_difference(recorded: Path, now: Path) -> str:
    """Returns where a file differs from the recorded one, in words.

    Args:
        recorded: The file of the run.
        now: The file of the same job, executed again. Its bytes are others.
    """
    if recorded.suffix == ".parquet":
        try:
            return _of_tables(pq.ParquetFile(recorded), pq.ParquetFile(now))
        except _UNREADABLE as error:
            return f"not a readable Parquet file ({type(error).__name__})"
    return _of_texts(recorded, now)


def _of_tables(recorded: pq.ParquetFile, now: pq.ParquetFile) -> str:
    """Returns the first row and column that differ, and whether only the order does."""
    before, after = recorded.schema_arrow.names, now.schema_arrow.names
    if missing := [name for name in before if name not in after]:
        return f"the column `{missing[0]}` is missing now"
    if new := [name for name in after if name not in before]:
        return f"the column `{new[0]}` is new"
    first: str | None = None
    sums = [0, 0]  # the same for the same rows in any order
    for number, pair in enumerate(zip_longest(_rows(recorded), _rows(now))):
        for n, row in enumerate(pair):
            sums[n] += 0 if row is None else _row_number(row)
        if first is None and (column := _first_column(*pair)) is not None:
            first = f"row {number:,} (from 0), {column}"
    if first is None:
        return "every row is equal; only the encoding of the file differs"
    counts = [file.metadata.num_rows for file in (recorded, now)]
    if counts[0] != counts[1]:
        return f"{first}; {counts[0]:,} rows are now {counts[1]:,}"
    return f"{first}; the rows are the same in another order" if sums[0] == sums[1] else first


def _rows(file: pq.ParquetFile) -> Iterator[dict[str, Any]]:
    for batch in file.iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()


def _row_number(row: dict[str, Any]) -> int:
    text = repr(sorted(row.items()))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())


def _first_column(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str | None:
    """Returns the first column that differs between two rows, with both values."""
    if before is None or after is None:
        return "is new" if before is None else "is missing now"
    for name, value in before.items():
        if repr(value) != repr(after[name]):
            return f"column `{name}`: {_change(repr(value), repr(after[name]))}"
    return None


def _of_texts(recorded: Path, now: Path) -> str:
    with recorded.open("rb") as before, now.open("rb") as after:
        for number, (old, new) in enumerate(zip_longest(before, after), 1):
            if old != new:
                if old is None or new is None:
                    return f"line {number:,} is {'new' if old is None else 'missing now'}"
                return f"line {number:,}: {_change(_text(old), _text(new))}"
    raise AssertionError(f"{recorded} and {now} have the same bytes")


def _text(line: bytes) -> str:
    return repr(line.decode("utf-8", "replace").rstrip("\n"))


def _change(before: str, after: str) -> str:
    """Returns two texts from shortly before the first character that differs."""
    same = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        same += 1
    start = max(0, same - _BEFORE)
    return f"{_part(before, start)} is now {_part(after, start)}"


def _part(text: str, start: int) -> str:
    end = start + _SHOWN
    return f"{'...' if start else ''}{text[start:end]}{'...' if len(text) > end else ''}"
