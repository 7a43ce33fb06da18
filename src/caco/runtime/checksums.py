"""Checksums: SHA-256 of many files at once, and JSON files with a checksum of their values."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from caco.identity import canonical_json, file_sha256
from caco.runtime.atomic_files import write_text

_CHECKSUM = "checksum"  # key of a JSON file
_THREADS = 8  # files that are read at the same time


def sha256_of(files: Iterable[Path]) -> dict[Path, str]:
    """Returns the SHA-256 of each file, in hex; several files are read at the same time.

    Raises:
        OSError: A file cannot be read.
    """
    names = list(files)
    threads = min(_THREADS, len(os.sched_getaffinity(0)), len(names))
    if threads < 2:
        return {name: file_sha256(name) for name in names}
    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(names, pool.map(file_sha256, names), strict=True))


def json_sha256(value: Any) -> str:
    """Returns the SHA-256, in hex, of the canonical JSON text of a value."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def write_checked(path: Path, values: Mapping[str, Any]) -> None:
    """Writes a JSON object, atomically, with a checksum of its values."""
    written = {name: value for name, value in values.items() if name != _CHECKSUM}
    written[_CHECKSUM] = json_sha256(written)
    write_text(path, json.dumps(written, indent=1) + "\n")


def read_checked(path: Path) -> dict[str, Any]:
    """Returns the values of a file that `write_checked` wrote.

    Raises:
        FileNotFoundError: The file is missing.
        PermissionError: The user may not read it.
        ValueError: The file is not what was written, or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values: dict[str, Any] = json.loads(text)
        checksum = values.pop(_CHECKSUM)
        # The text is compared too: `1e-5` and `1E-5` are one value. Without its indentation,
        # because json indents ten times slower.
        flat = "".join(line.lstrip(" ") for line in text.split("\n"))
        is_whole = (
            checksum == json_sha256(values)
            and text.endswith("}\n")
            and flat == json.dumps({**values, _CHECKSUM: checksum}, separators=(",", ": "))
        )
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from None
    if not is_whole:
        raise ValueError("its values are not those that were written")
    return values
