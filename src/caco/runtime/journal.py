"""Journals: each row is saved as soon as it is finished, so a killed job loses no finished row.

A journal is not an output that Snakemake knows: Snakemake deletes those when a job fails. Each line
is a checksum and JSON. The first line is the fingerprint of the rows, each other line a row. A
process that is killed during a write leaves at most one incomplete line, which is dropped and made
again. A damaged line is skipped and its row made again; every whole line is kept. A journal whose
rows are whole and whose first line is not is refused: what its rows depend on is unknown.
"""

import json
import os
import re
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from caco.errors import ClusterError
from caco.runtime.atomic_files import wait_for_lock
from caco.runtime.file_system import file_system_error
from caco.runtime.fingerprint import fingerprints, require_same

ROW = "row"  # key of the number of rows up to this one
_TAIL = 1 << 16  # bytes: some dozens of rows
_START = re.compile(rb"[0-9a-f]{8} \{")  # of a line
_DECODER = json.JSONDecoder()


def to_line(value: dict[str, Any]) -> bytes:
    """Returns the line that encodes `value`."""
    text = json.dumps(value).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def from_line(line: bytes) -> dict[str, Any] | None:
    """Returns the value of a line, or None if the line is incomplete or damaged.

    It may end with CRLF, or, at the end of a file, without either.
    """
    checksum, _, text = line.rstrip(b"\r\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    value: dict[str, Any] = json.loads(text)
    return value


def fingerprint_of(journal: Path) -> dict[str, str] | None:
    """Returns the fingerprint of a journal's rows; None if its first line is damaged."""
    with journal.open("rb") as file:
        return from_line(file.readline().removeprefix(BOM_UTF8))


def rows_in(journal: Path) -> int:
    """Returns the number of rows in a journal; 0 if it does not exist.

    Reads only the end of the file, takes no lock and writes nothing: a job may append meanwhile.
    """
    try:
        with journal.open("rb") as file:
            size = file.seek(0, 2)
            tail = _TAIL
            while True:
                start = max(0, size - tail)
                file.seek(start)
                lines = file.read(size - start).splitlines(keepends=True)
                for line in reversed(lines if start == 0 else lines[1:]):
                    if (value := from_line(line)) is not None:
                        return int(value.get(ROW, 0))
                if start == 0:
                    return 0
                tail *= 8
    except FileNotFoundError:
        return 0


def _whole(line: bytes) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yields offset, length and value of each whole line in a line: damage may have joined some."""
    if (value := from_line(line)) is not None:
        yield 0, len(line), value
        return
    text = line.decode("latin-1")  # a character a byte
    for start in (match.start() for match in _START.finditer(line)):
        try:
            _, end = _DECODER.raw_decode(text, start + 9)
        except (ValueError, RecursionError):
            continue
        if (value := from_line(line[start:end])) is not None:
            yield start, end - start, value


class Journal:
    """The finished rows of one job, by key."""

    def __init__(self, path: Path, parts: dict[str, str]) -> None:
        """Names a journal; entering the context opens it.

        Args:
            path: The journal's file.
            parts: What all rows depend on, by name: the settings, the model, the code.
        """
        self._path = path
        self._fingerprint = fingerprints(parts)
        self._lines: dict[str, tuple[int, int]] = {}  # offset and length of each row's line
        self._rows = 0

    def __enter__(self) -> Self:
        """Opens the journal, and reads the rows of earlier starts.

        Raises:
            UserError: Its fingerprint is another one.
            ClusterError: Another process has it open, it cannot be written, or its first line is
                damaged.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            wait_for_lock(self._file, f"{self._path}: another process writes this journal")
            self._read()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Closes the journal; the file remains, to resume from."""
        os.close(self._file)

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self._lines)

    def get(self, key: str) -> dict[str, Any] | None:
        """Returns the row that `add` saved under `key`, or None."""
        line = self._lines.get(key)
        if line is None:
            return None
        offset, length = line
        row = from_line(os.pread(self._file, length, offset))
        assert row is not None
        return row

    def add(self, key: str, values: dict[str, Any]) -> None:
        """Saves a finished row.

        Args:
            key: The key of the row: a digest of its request.
            values: The values of the row, JSON types only.

        Raises:
            ClusterError: The file cannot be written.
        """
        self._lines[key] = self._append({ROW: self._rows + 1, "key": key, **values})
        self._rows += 1

    def _read(self) -> None:
        at, damaged, ended = 0, 0, True
        saved: dict[str, str] | None = None
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for number, line in enumerate(lines):
                ended = line.endswith(b"\n")
                # Some editors put a byte-order mark before the first line.
                mark = len(BOM_UTF8) if number == 0 and line.startswith(BOM_UTF8) else 0
                found = list(_whole(line[mark:]))
                if not found and not ended:
                    ended = True
                    break  # incomplete, and cut off below
                damaged += [length for _, length, _ in found] != [len(line) - mark]
                for offset, length, value in found:
                    if "key" in value:
                        self._lines[value["key"]] = (at + mark + offset, length)
                    elif number == offset == 0:
                        saved = value
                at += len(line)
        self._rows = len(self._lines)
        if saved is not None:
            fix = "to keep the rows in it, or delete the file to make them again"
            require_same(self._path, saved, self._fingerprint, fix)
        elif self._rows:
            raise ClusterError(
                f"{self._path}: its first line is damaged, so it is unknown what its "
                f"{self._rows:,} rows depend on; restore the file, or delete it to make them again"
            )
        else:
            at = 0
        os.ftruncate(self._file, at)
        if saved is None:
            self._append(self._fingerprint)
        elif not ended:
            os.write(self._file, b"\n")
        if damaged and saved is not None:
            print(
                f"warning: {self._path}: {damaged:,} damaged lines are skipped; {self._rows:,} "
                "rows are whole, and any other is made again",
                file=sys.stderr,
            )

    def _append(self, value: dict[str, Any]) -> tuple[int, int]:
        """Writes one line; returns its offset and length."""
        line = to_line(value)
        offset = os.lseek(self._file, 0, os.SEEK_END)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as e:
            raise file_system_error(e, self._path) or ClusterError(
                f"{self._path}: cannot be written ({e.strerror}); fix that and run again: its rows "
                "are retained"
            ) from None
        return offset, len(line)
