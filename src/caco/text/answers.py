"""Answers as texts: how a worked solution closes, how a program's output is written."""

import json
from decimal import Decimal

_CLOSING = r"The answer is \boxed{%s}."


def closing(answer: str) -> str:
    """Returns the sentence that ends a worked solution."""
    return _CLOSING % answer


def answer_text(output: str) -> str:
    """Returns a program's output (JSON) as a person writes an answer.

    Numbers and strings stand for themselves, a float with an integral value loses its `.0`, and
    structured values stay JSON.
    """
    value = json.loads(output, parse_int=Decimal)  # int() refuses more than 4,300 digits
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return output
