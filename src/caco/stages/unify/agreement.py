"""Comparison of a program's output with the known answer."""

import json
import math
from typing import Any

# Of the paper. Its released grader also accepts a factor of 100, which this comparison does not.
RELATIVE_TOLERANCE = 1e-4


def agrees(output: str, answer: str) -> bool:
    """Returns whether an output equals a known answer.

    Numbers are equal within a relative tolerance of 1e-4 of the answer (only zero equals zero),
    strings exactly, and structured values as JSON.

    Args:
        output: The program's output, as JSON.
        answer: The known answer: a number, a plain text, or JSON.
    """
    actual = _read(output)
    expected = _read(answer)
    if isinstance(actual, str):
        if actual.strip() == answer.strip():
            return True
        actual = _read(actual)
    if _is_number(actual) and _is_number(expected):
        return _close(actual, expected)
    return type(actual) is type(expected) and bool(actual == expected)


def _read(text: str) -> Any:
    """Returns the JSON value of a text, or the text itself where it is not JSON.

    NaN, infinities and integers of more than 4,300 digits, which Python does not convert, remain
    texts: they are equal where their characters are.
    """
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text.strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _close(actual: int | float, expected: int | float) -> bool:
    if isinstance(actual, int) and isinstance(expected, int):  # exact for any length
        return abs(actual - expected) * 10_000 <= abs(expected)
    try:
        return math.isclose(actual, expected, rel_tol=0, abs_tol=RELATIVE_TOLERANCE * abs(expected))
    except OverflowError:
        return False
