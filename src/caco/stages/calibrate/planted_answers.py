"""Planted answers: wrong answers, and the right answer in another notation."""

import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from caco.text.numbers import PERCENT, as_number, in_digits, numerals

_PERCENT = re.compile(rf"{PERCENT}|percentage", re.IGNORECASE)


def wrong_answers(
    question: str, worked: str, answer: str, rng: Random
) -> Iterator[tuple[str, str]]:
    """Yields kinds of faults, each with a wrong answer, for an answer that is a number.

    Args:
        question: The problem.
        worked: Its worked solution. The numbers in it are the intermediate values.
        answer: The right answer.
        rng: The random generator of the row.
    """
    value = as_number(answer)
    if value is None:
        return
    yield "off_by_one", in_digits(value + rng.choice((1, -1)))
    if value:
        yield "sign", in_digits(-value)
        yield "times_100", in_digits(value * 100)
        yield "over_100", in_digits(value / 100)
        # Wrong in the fifth digit: off by 5e-5 of the answer, to six decimals.
        if step := (value * Decimal("5e-5")).quantize(Decimal("1e-6")):
            yield "nearly", in_digits(value + step)
        if not _PERCENT.search(question):
            yield "percent", rf"{answer}\%"
        if "thousand" not in question.lower():
            yield "thousand", rf"{answer}\text{{ thousand}}"
    yield "inequality", rf"\leq {answer}"
    if swaps := list(_swaps(answer)):
        yield "digits_swapped", rng.choice(swaps)
    if steps := sorted(set(numerals(worked)) - {value, -value}):
        yield "intermediate", in_digits(rng.choice(steps))
    if value == int(value) and abs(value) >= 1000:
        yield "decimal_comma", f"{int(value):,}".replace(",", ".")


def respelled(answer: str, turn: int) -> str | None:
    """Returns a number in another right notation, or None for an answer that is not a number.

    Args:
        answer: The number.
        turn: The index of the notation, modulo the number of notations.
    """
    value = as_number(answer)
    if value is None:
        return None
    forms = [
        rf"x = {answer}",
        rf"\frac{{{in_digits(2 * value)}}}{{2}}",
        rf"{answer}\text{{ in all}}",
    ]
    if value == int(value):
        forms += [f"{int(value)}.0", f"{int(value):,}", rf"{int(value)}\text{{ km}}"]
    return forms[turn % len(forms)]


def _swaps(answer: str) -> Iterator[str]:
    """Yields the number with two neighbouring digits swapped."""
    for at in range(len(answer) - 1):
        a, b = answer[at], answer[at + 1]
        swapped = answer[:at] + b + a + answer[at + 2 :]
        if a.isdigit() and b.isdigit() and a != b and not re.match(r"-?0\d", swapped):
            yield swapped
