"""The values of a program's executed `input`, and how a question writes its texts."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_ALONE = 3  # characters of a text that may have a plural
_WORD = re.compile(r"\w")
_QUOTES = "'\"`\u2018\u201c"


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
    """Returns a pattern for `text` in a sentence: any case, any spacing, no part of a longer word.

    `apple` is also stated by `apples`, but not by `'apples'`: a quoted text is stated exactly.
    """
    text = text.strip()
    spaced = r"\s+".join(re.escape(part) for part in text.split())
    before = r"(?<!\w)" if _WORD.match(text[0]) else ""
    after = r"(?!\w)" if _WORD.match(text[-1]) else ""
    if len(text) < _ALONE or text.isdigit() or not after:
        return f"(?i:{before}{spaced}{after})"
    return f"(?i:(?<=[{_QUOTES}]){spaced}{after}|{before}(?<![{_QUOTES}]){spaced}(?:e?s)?{after})"
