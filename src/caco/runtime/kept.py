"""What records would repeat, or what is long, is kept in the folder of the run under its digest.

A record stays small, so that thousands are read in seconds: a list of packages and the changes of a
checkout are kept once a run, and the longest values of a long record in a file of their own.
"""

import json
import os
import socket
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.runtime.atomic_files import atomic_file

PACKAGES, CHANGES, LONG_VALUES = "environments/{}.txt", "changes/{}.diff", "long_values/{}.json"
"""The names of these files in the folder of a run."""
LONGEST_RECORD = 4_000
"""Bytes of a record's file; its names, rule and identity are in the record whatever they need."""
_DIGESTS = 200  # bytes of the lines with the checksum and the digest of the long values
_ALWAYS = ("record", "rule", "identity")


def keep(run: Path, kind: str, content: bytes) -> str:
    """Writes a content into the folder of a run, unless it is there; returns its SHA-256, in hex.

    Args:
        run: The folder of the run.
        kind: The name of such files.
        content: The content.
    """
    digest = sha256(content).hexdigest()
    file = run / kind.format(digest)
    if digest_of(file) != digest:
        # Several jobs may write it at the same time, each under a name of its own.
        own = file.with_name(f".{socket.gethostname()}-{os.getpid()}")
        with atomic_file(own) as temporary:
            temporary.write_bytes(content)
        own.replace(file)
    return digest


def digest_of(file: Path) -> str | None:
    """Returns the SHA-256 of a kept file; None if it does not exist."""
    try:
        return sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def kept_files(values: Mapping[str, Any]) -> dict[str, str]:
    """Returns the digest of each kept file that a record names, by its name in the run."""
    digests = {
        PACKAGES: (values.get("environment") or {}).get("packages"),
        CHANGES: values.get("changes"),
        LONG_VALUES: values.get("long_values"),
    }
    return {kind.format(digest): digest for kind, digest in digests.items() if digest}


def shortened(values: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Returns the values of a record without the longest ones, which are kept, if it is too long.

    Args:
        values: All values.
        run: The folder of the run.
    """
    sizes = {name: len(_text({name: value})) for name, value in values.items()}
    too_long = sum(sizes.values()) + _DIGESTS - LONGEST_RECORD
    moved: dict[str, Any] = {}
    for name in sorted(sizes.keys() - set(_ALWAYS), key=lambda name: (-sizes[name], name)):
        if too_long <= 0:
            break
        moved[name] = values[name]
        too_long -= sizes[name]
    if not moved:
        return dict(values)
    digest = keep(run, LONG_VALUES, _text(moved).encode())
    return {n: v for n, v in values.items() if n not in moved} | {"long_values": digest}


def completed(values: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Returns all values of a record that `shortened` may have shortened.

    Args:
        values: The values in the file of the record.
        run: The folder of the run.

    Raises:
        UserError: The file with the long values is missing or altered.
    """
    digest = values.get("long_values")
    if digest is None:
        return dict(values)
    file = run / LONG_VALUES.format(digest)
    if digest_of(file) != digest:
        state = "altered" if file.exists() else "missing"
        raise UserError(
            f"{file}: {state}, although {values['record']} has its longest values there"
        )
    moved: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {**values, **moved}


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=1) + "\n"
