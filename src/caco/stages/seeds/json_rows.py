"""Rows that are JSON objects."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any


class NoRow(ValueError):
    """A text is no row; the text of the error says why."""


def json_row(raw: bytes, parse_int: Callable[[str], Any]) -> dict[str, Any]:
    """Returns the object of a text.

    Args:
        raw: The text in UTF-8.
        parse_int: Returns the value of the digits of an integer.

    Raises:
        NoRow: It is not JSON, not an object, or an object in it has a key twice, of which Python
            would silently use the last.
    """
    try:
        row = json.loads(raw.decode("utf-8"), parse_int=parse_int, object_pairs_hook=_object)
    except NoRow:
        raise
    except ValueError as e:
        raise NoRow(f"not JSON ({e})") from None
    except RecursionError:
        raise NoRow("not JSON (nested too deeply)") from None
    if not isinstance(row, dict):
        raise NoRow("not a JSON object")
    return row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
        shown = twice[:40].encode("utf-8", "backslashreplace").decode()
        raise NoRow(f"it has the key `{shown}` twice")
    return row
