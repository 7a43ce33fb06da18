"""Journals: each row is saved as soon as it is finished, so a killed job loses no finished row.

A journal is not an output that Snakemake knows: Snakemake deletes those when a job fails. Each line
is a checksum and JSON. The first line is the fingerprint of the rows, each other line a row. A
process that is killed during a write leaves at most one incomplete line, which is dropped and made
again.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any, Self

from caco.errors import ClusterError
from caco.runtime.atomic_files import disk_full_error, wait_for_lock
from caco.runtime.fingerprint import fingerprints, require_same

ROW = "row"  # key of the number of rows up to this one
_TAIL = 1 << 16  # bytes: some dozens of rows


def to_line(value: dict[str, Any]) -> bytes:
    """Returns the line that encodes `value`."""
    text = json.dumps(value).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def from_line(line: bytes) -> dict[str, Any] | None:
    """Returns the value of a line, or None if the line is incomplete or damaged."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    value: dict[str, Any] = json.loads(text)
    return value


def fingerprint_of(journal: Path) -> dict[str, str] | None:
    """Returns the fingerprint of a journal's rows; None if its first line is damaged."""
    with journal.open("rb") as file:
        return from_line(file.readline())


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
            ClusterError: Another process has it open, or it cannot be written.
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
        at, first, self._rows = 0, True, 0
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for line in lines:
                found = from_line(line)
                if found is None:
                    break  # incomplete: nothing after it can be trusted
                if first:
                    fix = "to keep the rows in it, or delete the file to make them again"
                    require_same(self._path, found, self._fingerprint, fix)
                else:
                    self._lines[found["key"]] = (at, len(line))
                    self._rows += 1
                first, at = False, at + len(line)
        os.ftruncate(self._file, at)
        if first:
            self._append(self._fingerprint)

    def _append(self, value: dict[str, Any]) -> tuple[int, int]:
        """Writes one line; returns its offset and length."""
        line = to_line(value)
        offset = os.lseek(self._file, 0, os.SEEK_END)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as e:
            raise disk_full_error(e, self._path) or ClusterError(
                f"{self._path}: cannot be written ({e.strerror}); fix that and run again: its rows "
                "are retained"
            ) from None
        return offset, len(line)
