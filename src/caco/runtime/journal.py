"""Journals: a finished row is kept from the moment it is finished, so a killed shard loses none.

A journal lies outside the outputs that Snakemake knows, which it deletes when a job fails. Each
line is a checksum and JSON: first the fingerprint of what the rows depend on, then one row each. A
process killed at any byte leaves at most one torn line, which is dropped and made again.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any, Self

from caco.errors import ClusterError
from caco.runtime.atomic_files import disk_full_error, wait_for_lock
from caco.runtime.fingerprint import fingerprints, require_same

ROW = "row"  # how many completions a journal holds with this one
_TAIL = 1 << 16  # bytes: some dozens of completions


def to_line(value: dict[str, Any]) -> bytes:
    """Returns the line that holds `value`."""
    text = json.dumps(value).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def from_line(line: bytes) -> dict[str, Any] | None:
    """Returns what a line holds, or None where it is not whole."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    value: dict[str, Any] = json.loads(text)
    return value


def fingerprint_of(journal: Path) -> dict[str, str] | None:
    """Returns the digests of what a journal's rows depend on: its first line, where it is whole."""
    with journal.open("rb") as file:
        return from_line(file.readline())


def rows_in(journal: Path) -> int:
    """Returns how many completions a journal holds: 0 where there is none.

    Reads its end alone, takes no lock and writes nothing, so it may be asked while a job appends.
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
                    if (held := from_line(line)) is not None:
                        return int(held.get(ROW, 0))
                if start == 0:
                    return 0
                tail *= 8
    except FileNotFoundError:
        return 0


class Journal:
    """The finished rows of one job, by key."""

    def __init__(self, path: Path, basis: dict[str, str]) -> None:
        """Names a journal; it is opened by entering it.

        Args:
            path: Where it lies.
            basis: What all its completions depend on, by name: the settings, the model, the code.
        """
        self._path = path
        self._basis = fingerprints(basis)
        self._where: dict[str, tuple[int, int]] = {}  # offset and length of each completion's line
        self._rows = 0

    def __enter__(self) -> Self:
        """Opens the journal, and reads what an earlier process has finished.

        Raises:
            UserError: It was begun on another basis.
            ClusterError: Another process has it open, or it cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            wait_for_lock(self._file, f"{self._path}: another process writes this shard")
            self._read()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Closes the journal; it stays for whoever goes on."""
        os.close(self._file)

    def __len__(self) -> int:
        """Returns how many completions it holds."""
        return len(self._where)

    def get(self, key: str) -> dict[str, Any] | None:
        """Returns what `add` kept under `key`, or None."""
        where = self._where.get(key)
        if where is None:
            return None
        offset, length = where
        kept = from_line(os.pread(self._file, length, offset))
        assert kept is not None
        return kept

    def add(self, key: str, values: dict[str, Any]) -> None:
        """Keeps a finished row.

        Args:
            key: Names what the row answers.
            values: What is kept of it, as JSON has it.

        Raises:
            ClusterError: The disk does not take it.
        """
        self._where[key] = self._append({ROW: self._rows + 1, "key": key, **values})
        self._rows += 1

    def _read(self) -> None:
        at, first, self._rows = 0, True, 0
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for line in lines:
                found = from_line(line)
                if found is None:
                    break  # torn: nothing after it is whole either
                if first:
                    mend = "to keep the rows that are in it, or delete the file to make them anew"
                    require_same(self._path, found, self._basis, mend)
                else:
                    self._where[found["key"]] = (at, len(line))
                    self._rows += 1
                first, at = False, at + len(line)
        os.ftruncate(self._file, at)
        if first:
            self._append(self._basis)

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
                f"{self._path}: cannot be written ({e.strerror}); mend that and run again: what is "
                "in it is kept"
            ) from None
        return offset, len(line)
