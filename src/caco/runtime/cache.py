"""The cache folder, which can be deleted at any time, and the digests of files that it remembers.

A record of the cache is a file of JSON lines with a checksum each: jobs append to it at the same
time, and a line that is damaged counts as absent.

Hashing a large checkpoint takes seconds to minutes, and thousands of jobs open the same one. A
digest that was computed once counts while path, size, time of change and inode of the file are the
same. A change that leaves all four as they are, as of a failing disk, is noticed only by the first
reader.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from caco.runtime.atomic_files import append_line
from caco.runtime.checksums import json_sha256, sha256_of

_RECORD = "digests.jsonl"
_REPORTED = 1_000_000  # bytes that are read before the time is printed
_Key = tuple[str, int, int, int]  # resolved path, size in bytes, time of change in ns, inode


def cache_folder() -> Path:
    """Returns the cache folder: `CACO_CACHE`, or `.cache` in the working folder."""
    return Path(os.environ.get("CACO_CACHE") or ".cache")


def remember(record: str, values: list[Any]) -> None:
    """Appends a line to a record of the cache.

    Args:
        record: Name of the record.
        values: What JSON can hold.
    """
    with suppress(OSError):  # a cache that cannot be written costs time only
        append_line(cache_folder() / record, json.dumps([json_sha256(values), values]))


def remembered(record: str) -> Iterator[list[Any]]:
    """Yields the values of each line of a record that is what was written.

    Args:
        record: Name of the record.
    """
    try:
        text = (cache_folder() / record).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        with suppress(ValueError, TypeError, RecursionError):  # no JSON, or another shape
            checksum, values = json.loads(line)
            if checksum == json_sha256(values):
                yield values


def changed_files(expected: Mapping[Path, str]) -> dict[Path, str]:
    """Returns the files whose contents differ from what is expected, with their SHA-256.

    Reads only files without a remembered digest that is the expected one, and prints the time that
    this takes: a damaged line of the cache makes no file a damaged one.

    Args:
        expected: The SHA-256 of each file, which exists.
    """
    known = {tuple(key): sha256 for *key, sha256 in remembered(_RECORD)}
    keys = {path: _key(path) for path in expected}
    unknown = [path for path, key in keys.items() if known.get(key) != expected[path]]
    started = time.monotonic()
    for path, sha256 in sha256_of(unknown).items():
        known[keys[path]] = sha256
        if _key(path) == keys[path]:  # else it has changed while it was read
            remember(_RECORD, [*keys[path], sha256])
    hashed = sum(path.stat().st_size for path in unknown)
    if hashed >= _REPORTED:
        seconds = time.monotonic() - started
        print(
            f"{os.path.commonpath(expected)}: the contents of {hashed / 1e6:,.0f} MB are checked "
            f"({seconds:.1f} s)",
            file=sys.stderr,
            flush=True,
        )
    return {path: known[key] for path, key in keys.items() if known[key] != expected[path]}


def _key(path: Path) -> _Key:
    stat = path.stat()
    return str(path.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ino
