"""Rows of tabular files, streamed: JSON lines, a JSON array, CSV, Parquet and Arrow.

The content of a file decides its format, not its name. Text formats may be compressed with gzip,
bzip2, xz or zstd. A row that cannot be read is a record with a fault, so that it costs no other
row.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import zlib
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import UserError
from caco.stages.seeds.json_rows import NoRow, json_row

_HEAD = 65_536  # bytes that show a format
_CHUNK = 1 << 20  # bytes of a JSON array that are read at a time
_BATCH = 1_000  # rows of a Parquet file that are held in memory
_MAX_DIGITS = 4_300  # of an integer; Python converts no longer ones
_OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ZSTD = b"\x28\xb5\x2f\xfd"
_PARQUET, _ARROW_FILE, _ARROW_STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
_OTHER = {
    b"PK\x03\x04": "it is a ZIP archive; extract it",
    b"version https://git-lfs": "it is a pointer of Git LFS, not the file itself; get the file",
    b"\xff\xfe\0\0": "it is text in UTF-32; convert it to UTF-8",
    b"\xff\xfe": "it is text in UTF-16; convert it to UTF-8",
    b"\xfe\xff": "it is text in UTF-16; convert it to UTF-8",
    b"<!doctype html": "it is a web page, not the file itself; get the file",
    b"<html": "it is a web page, not the file itself; get the file",
}
_TAR = slice(257, 262), b"ustar"  # place and text of the mark of an archive
_JSON_NAMES = (".json", ".jsonl", ".ndjson")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_DAMAGED = (pa.ArrowException, OSError, EOFError, lzma.LZMAError, zlib.error, ValueError)


class LongInteger(str):
    """The digits of an integer that Python does not convert."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file.

    Attributes:
        place: Where it is, such as `line 3` or `row 3`.
        values: Its values by column; None if it cannot be read.
        fault: Why it cannot be read.
        raw: Its text, where the format has one.
    """

    place: str
    values: dict[str, Any] | None
    fault: str = ""
    raw: bytes = b""

    def text(self) -> str:
        """Returns the row as text without half characters."""
        text = self.raw.decode("utf-8", "replace") or json.dumps(self.values, default=str)
        return text.strip("\r\n")


def records(path: str, key: str) -> Iterator[Record]:
    """Streams the rows of a file; blank lines are no rows.

    Args:
        path: Path of the file.
        key: The config key of the path, for the error message.

    Raises:
        UserError: The file cannot be read, is damaged, or has none of the formats.
    """
    try:
        yield from _records(Path(path))
    except _DAMAGED as e:
        why = getattr(e, "strerror", None) or (str(e).splitlines() or [type(e).__name__])[0]
        raise UserError(f"{path}: cannot be read ({why}); set `{key}` to a complete file") from None


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        magic = file.read(32)
    if magic.startswith(_PARQUET):
        with pq.ParquetFile(path) as table:
            _require_distinct(path, table.schema_arrow.names)
            yield from _batches(table.iter_batches(batch_size=_BATCH))
    elif magic.startswith(_ARROW_STREAM):
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_stream(mapped) as stream:
            _require_distinct(path, stream.schema.names)
            yield from _batches(iter(stream))
    elif magic.startswith(_ARROW_FILE):
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as arrow:
            _require_distinct(path, arrow.schema.names)
            yield from _batches(arrow.get_batch(n) for n in range(arrow.num_record_batches))
    else:
        with _opened(path, magic) as text:
            yield from _text_records(path, text)


def _opened(path: Path, magic: bytes) -> "io.BufferedReader[Any]":
    for mark, opener in _OPENERS.items():
        if magic.startswith(mark):
            return io.BufferedReader(opener(path), _HEAD)
    if magic.startswith(_ZSTD):
        raw: Any = pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd")
        return io.BufferedReader(raw, _HEAD)
    return io.BufferedReader(path.open("rb", buffering=0), _HEAD)


def _text_records(path: Path, text: "io.BufferedReader[Any]") -> Iterator[Record]:
    head = text.peek(_HEAD)
    if head.startswith(BOM_UTF8):
        text.read(len(BOM_UTF8))
        head = head.removeprefix(BOM_UTF8)
    for magic, what in _OTHER.items():
        if head.startswith(magic) or head.lstrip()[: len(magic)].lower() == magic:
            raise UserError(f"{path}: {what}")
    if head[_TAR[0]] == _TAR[1]:
        raise UserError(f"{path}: it is a tar archive; extract it")
    if b"\0" in head:
        raise UserError(
            f"{path}: it is none of JSON lines, a JSON array, CSV, Parquet and Arrow; convert it"
        )
    first = head.lstrip()[:1]
    if first == b"[" or head.lstrip().split(b"\n", 1)[0].strip() == b"{":
        for number, raw in enumerate(_elements(path, text, first == b"["), start=1):
            yield _json_record(f"row {number}", raw)
    elif first in (b"{", b"") or any(name in path.suffixes for name in _JSON_NAMES):
        for number, raw in enumerate(text, start=1):
            if raw.strip():
                yield _json_record(f"line {number}", raw)
    else:
        yield from _csv_records(path, text, head)


def _json_record(place: str, raw: bytes) -> Record:
    try:
        return Record(place, json_row(raw, _integer), raw=raw)
    except NoRow as e:
        return Record(place, None, str(e), raw)


def _integer(digits: str) -> int | LongInteger:
    return int(digits) if len(digits) <= _MAX_DIGITS else LongInteger(digits)


def _elements(path: Path, text: BinaryIO, in_array: bool) -> Iterator[bytes]:
    """Yields the text of each element of a JSON array, or of each of several objects."""
    buffer, at, begin, depth = b"", 0, 0, 0
    while True:
        token = _TOKEN.search(buffer, at)
        if token is None or token[0] == b'"':  # no token, or a string without its end, so far
            at = (len(buffer) if token is None else token.start()) - begin
            chunk = text.read(_CHUNK)
            if not chunk and (in_array or buffer[begin:].strip()):
                what = "array" if in_array else "object"
                raise UserError(f"{path}: its JSON {what} has no end; get the complete file")
            if not chunk:
                return
            buffer, begin = buffer[begin:] + chunk, 0
            continue
        at = token.end()
        inner = depth > in_array
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if not in_array:
            if depth <= 0:
                yield buffer[begin:at].strip()
                begin, depth = at, 0
            continue
        if not inner and depth == 1 and token[0] == b"[":
            begin = at
        elif depth <= 1 and not inner and token[0] in (b",", b"]"):
            if element := buffer[begin : token.start()].strip():
                yield element
            begin = at
        if depth == 0:
            if buffer[at:].strip() or text.read(_CHUNK).strip():
                raise UserError(f"{path}: text follows its JSON array; write one array, or lines")
            return


def _csv_records(path: Path, text: BinaryIO, head: bytes) -> Iterator[Record]:
    header = head.splitlines()[0]
    delimiter = max(",", "\t", ";", "|", key=lambda mark: header.count(mark.encode()))
    csv.field_size_limit(1 << 30)
    lines = io.TextIOWrapper(text, encoding="utf-8", errors="surrogateescape", newline="")
    rows = csv.reader(lines, delimiter=delimiter)
    columns = next(rows)
    _require_distinct(path, columns)
    while True:
        begin = rows.line_num + 1
        place = f"line {begin}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as e:
            yield Record(place, None, f"not CSV ({e})")
            continue
        if not row:
            continue
        if len(row) != len(columns):
            fault = f"it has {len(row)} fields, the header has {len(columns)}"
            if rows.line_num > begin:
                fault += f"; it ends on line {rows.line_num}, so a quote in it may have no end"
            yield Record(place, None, fault, delimiter.join(row).encode("utf-8", "replace"))
        elif not _is_utf8("".join(row)):
            raw = delimiter.join(row).encode("utf-8", "surrogateescape")
            yield Record(place, None, "it is not UTF-8; convert the file", raw)
        else:
            yield Record(place, dict(zip(columns, row, strict=True)))


def _require_distinct(path: Path, columns: Sequence[str]) -> None:
    """Raises `UserError` if a file has two columns of one name; nameless ones are not read."""
    for column, number in Counter(columns).items():
        if column and number > 1:
            raise UserError(f"{path}: it has the column `{column}` twice; rename one")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batches(batches: Iterator[pa.RecordBatch]) -> Iterator[Record]:
    number = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _BATCH):
            for values in _rows(batch.slice(start, _BATCH)):
                number += 1
                fault = values if isinstance(values, str) else ""
                yield Record(f"row {number}", None if fault else values, fault)


def _rows(batch: pa.RecordBatch) -> list[Any]:
    """Returns the values of each row of a batch, or why it cannot be read."""
    try:
        return list(batch.to_pylist())
    except ValueError as e:  # text that is not UTF-8, a date out of range
        if batch.num_rows == 1:
            return [f"it cannot be read ({e})"]
        return [row for n in range(batch.num_rows) for row in _rows(batch.slice(n, 1))]
