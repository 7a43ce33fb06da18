"""Identities: content digests, request seeds and shard names, equal in every run."""

import hashlib
import json
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20  # bytes a read; a checkpoint's shard may not fit in memory


def canonical_json(value: Any) -> str:
    """Returns the canonical JSON text of `value`: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: `value` holds NaN or an infinity, which JSON cannot represent.
        TypeError: `value` holds an object of a type that JSON cannot represent.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(*parts: str) -> str:
    """Returns 32 hex digits (128 bits of SHA-256) that identify the sequence `parts`.

    Parts are length-prefixed, so ("ab", "c") and ("a", "bc") have different digests.
    """
    h = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        h.update(str(len(raw)).encode() + b":" + raw)
    return h.hexdigest()[:32]


def file_sha256(path: Path) -> str:
    """Returns the full SHA-256 of a file's bytes, in hex."""
    h = hashlib.sha256()
    with path.open("rb") as f:
        while chunk := f.read(_CHUNK):
            h.update(chunk)
    return h.hexdigest()


def request_seed(*parts: str | int) -> int:
    """Returns a 31-bit seed derived from `parts`: the same in every run."""
    return int(digest(*(str(p) for p in parts))[:8], 16) & 0x7FFFFFFF


def shard_names(count: int) -> list[str]:
    """Returns the names of `count` shards: five digits, so that more shards rename none."""
    return [f"{i:05d}" for i in range(count)]
