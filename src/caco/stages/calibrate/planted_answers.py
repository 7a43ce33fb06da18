"""Answers that are not the row's, or are it in another notation."""

import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PERCENT = re.compile(r"%|per\s?cent", re.IGNORECASE)
_THOUSAND = re.compile(r"thousand", re.IGNORECASE)


def wrong_answers(
    question: str, worked: str, answer: str, rng: Random
) -> Iterator[tuple[str, str]]:
    """Yields kinds of faults, each with the answer that has it, for an answer that is a number.

    Args:
        question: The problem.
        worked: Its worked solution, whose numbers are the intermediate values.
        answer: The right answer.
        rng: Decides what is open.
    """
    value = _value(answer)
    if value is None:
        return
    yield "off_by_one", _plain(value + rng.choice((1, -1)))
    if value:
        yield "sign", _plain(-value)
        yield "times_100", _plain(value * 100)
        yield "over_100", _plain(value / 100)
        # Not a multiple of the answer's own digits: a step of 5e-5 of it, to six decimals.
        if step := (value * Decimal("5e-5")).quantize(Decimal("1e-6")):
            yield "nearly", _plain(value + step)
        if not _PERCENT.search(question):
            yield "percent", rf"{answer}\%"
        if not _THOUSAND.search(question):
            yield "thousand", rf"{answer}\text{{ thousand}}"
    yield "inequality", rf"\leq {answer}"
    if swaps := list(_swaps(answer)):
        yield "digits_swapped", rng.choice(swaps)
    numbers = set(map(Decimal, _NUMBER.findall(worked)))
    if steps := sorted(numbers - {value, -value}):
        yield "intermediate", _plain(rng.choice(steps))
    if value == int(value) and abs(value) >= 1000:
        yield "decimal_comma", f"{int(value):,}".replace(",", ".")


def respelled(answer: str, turn: int) -> str | None:
    """Returns a number in another right notation, None for what is no number.

    Args:
        answer: The number.
        turn: Which of the notations, counted round.
    """
    value = _value(answer)
    if value is None:
        return None
    forms = [rf"x = {answer}", rf"\frac{{{_plain(2 * value)}}}{{2}}", rf"{answer}\text{{ in all}}"]
    if value == int(value):
        forms += [f"{int(value)}.0", f"{int(value):,}", rf"{int(value)}\text{{ km}}"]
    return forms[turn % len(forms)]


def _value(answer: str) -> Decimal | None:
    return Decimal(answer) if _NUMBER.fullmatch(answer) else None


def _plain(value: Decimal) -> str:
    """Returns a number without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _swaps(answer: str) -> Iterator[str]:
    """Yields the number with two neighbouring digits in each other's place."""
    for at in range(len(answer) - 1):
        a, b = answer[at], answer[at + 1]
        swapped = answer[:at] + b + a + answer[at + 2 :]
        if a.isdigit() and b.isdigit() and a != b and not re.match(r"-?0\d", swapped):
            yield swapped
