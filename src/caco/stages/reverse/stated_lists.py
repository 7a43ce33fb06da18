"""Lists in a question: their items in the order of the program's input, and as many as it says."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from caco.stages.reverse.input_values import pattern
from caco.stages.reverse.quantities import Statement
from caco.text.numbers import PLAIN, Mention, mentions

Item = Decimal | str


@dataclass(frozen=True, slots=True)
class _Token:
    """An item where a question states it."""

    start: int
    end: int
    value: Item


# `80, 55 and 80`, `5 cm, 7 cm and 9 cm`, `"a", "b"`, `3 1 4`.
_QUOTES = "'\"\u2018\u2019\u201c\u201d`"
_SEPARATOR = re.compile(
    rf"(?:(?:\s?[a-z%\u00b0]+\b\.?){{0,2}}[{_QUOTES}]?\$?"
    rf"\s*(?:,\s*(?:(?:and|or)\b)?|;|\b(?:and|or)\b|&)\s*[{_QUOTES}]?[$\u20ac\u00a3]?[-\u2212]?"
    r"|\s+)",
    re.IGNORECASE,
)
_PLAIN = re.compile(PLAIN)
_SHORTEST = 2  # items of a list

# `three numbers: 4, 5 and 6`. Only nouns of numbers: `5 boxes: 2 red, 3 blue` lists no boxes.
_COUNTED = re.compile(
    r"\s+(?:(?!has|have|with|in\b)[a-z-]+\s+){0,2}(?:numbers|integers|values|scores|grades|marks|elements|terms|digits"
    r"|lengths|heights|weights|prices|ages|temperatures|measurements|readings|amounts|entries)"
    r"\s*(?:namely)?\s*[:(\[{$]*\s*",
    re.IGNORECASE,
)
_THINGS = re.compile(r"\s+(?:[a-z-]+\s+)?[a-z]+s\b", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*(?:,\s*)?(?:\.\.\.|\u2026|etc|and so on|\\ldots|\\dots|\\cdots)")
_COUNTS = range(2, 100)


def lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Item]]]:
    """Yields the lists of numbers, and the lists of texts, that an input holds, with paths."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from lists(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        if len(value) >= _SHORTEST and (
            all(isinstance(v, Decimal) for v in value)
            or all(isinstance(v, str) and v.strip() for v in value)
        ):
            yield path, [_item(v) for v in value]
        for at, child in enumerate(value):
            yield from lists(child, f"{path}[{at}]")


def in_another_order(question: str, stated: Iterable[Statement], items: Sequence[Item]) -> bool:
    """Tells whether a question lists exactly these items, but only in another order."""
    if isinstance(items[0], str):
        tokens = _texts(question, items)
    else:
        tokens = [token for s in stated for token in _numbers(question, s)]
    same = False
    for run in _runs(question, tokens):
        for at in range(len(run) - len(items) + 1):
            window = run[at : at + len(items)]
            if window == items:
                return False
            same = same or sorted(window, key=str) == sorted(items, key=str)
    return same


def counts_things(question: str, number: Mention) -> bool:
    """Tells whether a number counts things, as in `80, 90 and 70 on three tests`."""
    priced = question.endswith("$", 0, number.start)
    return not priced and _THINGS.match(question, number.end) is not None


def wrong_count(question: str) -> tuple[Mention, int] | None:
    """Returns a number of a question that counts the numbers after it wrongly, or None.

    Returns:
        The number, and how many numbers the list after it has.
    """
    found = mentions(question)
    for at, number in enumerate(found[:-1]):
        first = found[at + 1]
        named = question.endswith("-", 0, number.start)  # `the base-10 integers 200 and 1200`
        if (
            named
            or number.value not in _COUNTS
            or not _COUNTED.fullmatch(question, number.end, first.start)
        ):
            continue
        end = at + 1
        while end + 1 < len(found) and _SEPARATOR.fullmatch(
            question, found[end].end, found[end + 1].start
        ):
            end += 1
        listed = found[at + 1 : end + 1]
        size = sum(len(mention.readings[-1]) for mention in listed)
        if (
            len(listed) >= _SHORTEST
            and number.value not in (len(listed), size)
            and not _GOES_ON.match(question, listed[-1].end)
        ):
            return number, len(listed)
    return None


def _item(value: Decimal | str) -> Item:
    return value.copy_abs() if isinstance(value, Decimal) else " ".join(value.split()).lower()


def _numbers(question: str, statement: Statement) -> list[_Token]:
    """Returns the items of a statement: three of `100,200,300` where these are the inputs."""
    number = statement.number
    if len(statement.values) == 1:
        (value,) = statement.values
        return [_Token(number.start, number.end, value)]
    return [
        _Token(number.start + found.start(), number.start + found.end(), Decimal(found[0]))
        for found in _PLAIN.finditer(question[number.start : number.end])
    ]


def _texts(question: str, items: Sequence[Item]) -> list[_Token]:
    """Returns where a question states the items of a list of texts."""
    longest_first = sorted({str(item) for item in items}, key=len, reverse=True)
    found = re.finditer("|".join(map(pattern, longest_first)), question)
    return [_Token(match.start(), match.end(), str(_item(match[0]))) for match in found]


def _runs(question: str, tokens: Sequence[_Token]) -> Iterator[list[Item]]:
    """Yields the items that follow each other in a question with nothing but separators between."""
    run: list[_Token] = []
    for token in tokens:
        if run and not _SEPARATOR.fullmatch(question, run[-1].end, token.start):
            yield [before.value for before in run]
            run = []
        run.append(token)
    if run:
        yield [before.value for before in run]
