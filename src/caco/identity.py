"""Identities: content digests, so that the same thing has the same name in every run."""

import hashlib
import json
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20  # bytes read at a time; a checkpoint's shard does not fit in memory


def canonical_json(value: Any) -> str:
    """Returns the one JSON text of `value`: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: `value` holds NaN or an infinity, which JSON has no word for.
        TypeError: `value` holds something that JSON cannot express.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(*parts: str) -> str:
    """Returns 32 hex digits (128 bits of SHA-256) that name the sequence `parts`.

    Parts are length-prefixed, so ("ab", "c") and ("a", "bc") have different names.
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
    """Returns a 31-bit seed derived from `parts`: distinct for each request, equal in each run."""
    return int(digest(*(str(p) for p in parts))[:8], 16) & 0x7FFFFFFF


def shard_names(count: int) -> list[str]:
    """Returns the names of `count` shards: five digits, so that adding shards renames none."""
    return [f"{i:05d}" for i in range(count)]
