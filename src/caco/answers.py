"""Final answers: how a solution states one, and how it is read back."""

import json
import re
from decimal import Decimal

_CLOSING = r"The answer is \boxed{%s}."
_PLAIN = re.compile(r"(?:####|[Aa]nswer is:?)\s*\$?([^\n$]+?)\$?\.?\s*$", re.MULTILINE)


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


def final_answer(text: str) -> str | None:
    r"""Returns the last answer that `text` states: `\boxed{...}`, `#### ...` or `answer is ...`.

    The braces of the box are matched, so `\boxed{\frac{1}{2}}` gives the whole fraction.
    """
    start = text.rfind(r"\boxed{")
    if start >= 0:
        depth, begin = 0, start + len(r"\boxed")
        for at in range(begin, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                return text[begin + 1 : at].strip() or None
        return None
    found = _PLAIN.findall(text)
    return found[-1].strip() if found else None
