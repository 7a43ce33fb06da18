"""Answers as texts: the last sentence of a worked solution, the output of a program."""

import json
from decimal import Decimal

_CLOSING = r"The answer is \boxed{%s}."


def closing(answer: str) -> str:
    """Returns the sentence that ends a worked solution."""
    return _CLOSING % answer


def answer_text(output: str) -> str:
    """Returns the output of a program (JSON) as the text of an answer.

    Numbers and strings are written as they are, a float with an integral value without `.0`, and
    structured values as JSON.
    """
    value = json.loads(output, parse_int=Decimal)  # int() rejects more than 4,300 digits
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return output
