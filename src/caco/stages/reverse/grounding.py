"""The judge's second check: question and program speak of the same problem.

A question is grounded in its program if it states every value of the program's `input` and no
number besides, and does not give the result away. The solver sees the question alone, so a value
that is missing makes it unsolvable, and a number that the program does not know makes it another
problem, whose answer agrees with the program's by chance.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from caco.text.numbers import as_number, mentions

# Shorter texts must stand alone to be stated: `a` occurs in every sentence.
_ALONE = 3


def ungrounded(question: str, input_json: str) -> str | None:
    """Returns why a question is not grounded in its program's input, or None if it is.

    Numbers are compared as numbers (1,000 is 1000; 3 is 3.0; 25% may be 0.25), the sign left to
    the sentence: an input of -5 may be a loss of 5, and x - 5 may come of an input of 5. Texts are
    compared without regard to case and spacing. Truth values and null need not be stated.

    Args:
        question: The problem's text.
        input_json: The executed `input`, as JSON.
    """
    values = list(_values(_read(input_json)))
    texts = sorted({v for v in values if isinstance(v, str) and v.strip()}, key=len, reverse=True)
    plain = question
    for text in texts:
        if not re.search(_pattern(text), question):
            return f"the question does not state the input {text!r}"
        if any(c.isdigit() for c in text) or mentions(text):
            # Numbers inside an input's own text are not numbers of the question.
            plain = re.sub(_pattern(text), " ", plain)
    numbers = {v.copy_abs() for v in values if isinstance(v, Decimal)}
    stated: set[Decimal] = set()
    for mention in mentions(plain):
        unsigned = [frozenset(v.copy_abs() for v in reading) for reading in mention.readings]
        known = [reading for reading in unsigned if reading <= numbers]
        if not known and not mention.excused:
            return f"the question states {mention.value}, which is no input"
        stated.update(*known)
    if numbers - stated:
        return f"the question does not state the input {_list(numbers - stated)}"
    return None


def leak(question: str, input_json: str, answer: str) -> str | None:
    """Returns how a question gives its result away, or None if it does not.

    Truth values and single letters are never a leak: a question that asks for them names them.

    Args:
        question: The problem's text.
        input_json: The executed `input`, as JSON.
        answer: The result, as `caco.text.answers.answer_text` writes it.
    """
    values = list(_values(_read(input_json)))
    result = as_number(answer)
    if result is not None:
        given = {v for v in values if isinstance(v, Decimal)}
        # What may be read as an input (5% as 0.05) states that input, and not the result.
        stated = {
            number.value
            for mention in mentions(question)
            if not mention.excused and not any(reading <= given for reading in mention.readings)
            for number in (mention, *mention.parts)
        }
        leaks = result in stated and result not in (1, 2)
    else:
        known = {_normalised(v if isinstance(v, str) else _written(v)).lower() for v in values}
        leaks = (
            len(answer) > 1
            and answer not in ("true", "false", "null")
            and _normalised(answer).lower() not in known
            and _normalised(answer).lower() in _normalised(question).lower()
        )
    return f"the question states the result, {answer}" if leaks else None


def _read(input_json: str) -> Any:
    """Returns the value with Decimal for every number: exact, and of any length."""
    return json.loads(input_json, parse_int=Decimal, parse_float=Decimal)


def _values(value: Any) -> Iterator[Any]:
    """Yields `value` and all that it holds; the keys of dicts are names, not values."""
    yield value
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for child in children:
            yield from _values(child)


def _written(value: Any) -> str:
    """Returns `value` as JSON; json.dumps knows no Decimal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_written(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _normalised(text: str) -> str:
    """Returns `text` without whitespace around it and between its tokens, words kept apart."""
    squeezed = re.sub(r"\s+", " ", text.strip())
    return re.sub(r"(?<!\w) | (?!\w)", "", squeezed)


def _pattern(text: str) -> str:
    """Returns a pattern for `text` in a sentence: any case, any spacing."""
    spaced = r"\s+".join(re.escape(part) for part in text.split())
    if len(text.strip()) < _ALONE or text.strip().isdigit():
        spaced = rf"(?<!\w){spaced}(?!\w)"
    return f"(?i:{spaced})"


def _list(numbers: Any) -> str:
    return ", ".join(str(n) for n in sorted(numbers))
