"""The values of a program's executed `input`, and how a question writes its texts."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

# Shorter texts must stand alone to be stated: `a` occurs in every sentence.
_ALONE = 3


def read_input(input_json: str) -> Any:
    """Returns the value with Decimal for every number: exact, and of any length."""
    return json.loads(input_json, parse_int=Decimal, parse_float=Decimal)


def values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields `value` and all that it holds, with paths; the keys of dicts are names, not values."""
    yield path, value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from values(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for at, child in enumerate(value):
            yield from values(child, f"{path}[{at}]")


def written(value: Any) -> str:
    """Returns `value` as JSON; json.dumps knows no Decimal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{written(k)}:{written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def normalised(text: str) -> str:
    """Returns `text` without whitespace around it and between its tokens, words kept apart."""
    squeezed = re.sub(r"\s+", " ", text.strip())
    return re.sub(r"(?<!\w) | (?!\w)", "", squeezed)


def pattern(text: str) -> str:
    """Returns a pattern for `text` in a sentence: any case, any spacing."""
    spaced = r"\s+".join(re.escape(part) for part in text.split())
    if len(text.strip()) < _ALONE or text.strip().isdigit():
        spaced = rf"(?<!\w){spaced}(?!\w)"
    return f"(?i:{spaced})"
