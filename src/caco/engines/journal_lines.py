"""The lines of a journal: a checksum and JSON, so that one that a kill has torn is known for it."""

import json
import zlib
from pathlib import Path
from typing import Any

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


def basis_of(journal: Path) -> dict[str, str] | None:
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
