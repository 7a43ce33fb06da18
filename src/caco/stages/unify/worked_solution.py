"""The equations of a worked solution, with the words beside each of their numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from caco.text.arithmetic import (
    Expression,
    Number,
    literal,
    numbers,
    parse,
    spelled_out,
    value,
)
from caco.text.calculator_marks import MARK, without_marks
from caco.text.numbers import UNSIGNED, exact


@dataclass(frozen=True, slots=True)
class Context:
    """The text beside a number: up to the previous and the next number or operator."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """One step of a worked solution.

    Attributes:
        tree: The expression.
        result: The result that the text states.
        decimals: The number of decimals of the stated result.
        line: The line of the equation, as prose.
        before: The text of the line before the expression.
        after: The text after the result. Its first noun names the result.
        contexts: The text beside each stated number of the expression, from left to right.
    """

    tree: Expression
    result: Fraction
    decimals: int
    line: str
    before: str
    after: str
    contexts: tuple[Context, ...]

    @property
    def operands(self) -> list[Number]:
        """The numbers of the expression that the text states, from left to right."""
        return [number for number in numbers(self.tree) if number.stated]


_NUMBER = re.compile(UNSIGNED)
_RESULT = re.compile(rf"\s*(-?)\s*({UNSIGNED})")
_UNKNOWN = re.compile(r"([-+])\s*([A-Za-z])\s*$")  # the end of `3 + 4 + x`
_QUOTIENT = re.compile(r"\s*/\s*\d")
_BULLET = re.compile(r"^\s*(?:[-•*]|\d+[.)])\s+")
_WORD = re.compile(r"(?:/\s*)?[^\W\d_][^\W\d_'’-]*\.?")  # noqa: RUF001
_PIECE = re.compile(rf"({UNSIGNED})|(\*\*|[-+*/()%^])|(\x00)|(\S)")
_OPERATOR = re.compile(r"[-+*/()×÷=<>]|(?<=\s)x(?=\s)")  # noqa: RUF001


def equations(solution: str) -> Iterator[Equation]:
    """Yields the equations of a worked solution.

    The calculator marks of a line are its equations. In a line without marks they are plain text.

    Raises:
        ValueError: A mark does not consist of an expression and a number.
    """
    for line in solution.splitlines():
        prose = _BULLET.sub("", without_marks(line)).strip()
        marks = list(MARK.finditer(line))
        if not marks:
            yield from _plain_equations(prose, prose)
        start = 0
        for mark in marks:
            segment = line[start : mark.start()]
            yield from _plain_equations(segment, prose)
            yield _marked(segment, mark, line[mark.end() :], prose)
            start = mark.end()


def holds(equation: Equation) -> bool:
    """Tells whether an equation is true to the decimals of its result."""
    return abs(value(equation.tree) - equation.result) <= Fraction(1, 2 * 10**equation.decimals)


def _marked(before: str, mark: re.Match[str], after: str, prose: str) -> Equation:
    """Returns the equation of a mark, whose numbers the text before it has with their units."""
    expression, stated = mark.groups()
    try:
        tree = parse(expression.rpartition("=")[2])
        result = value(parse(stated))
    except ValueError as e:
        raise ValueError(f"the mark `{mark.group(0)[2:-2]}`: {e}") from None
    after = after.lstrip("0123456789.,$ ")
    if isinstance(tree, Number):  # the text has the expression: `18 + 20 = <<38=38>>38`
        text = f"{before}{literal(result)}"
        for found in _plain_equations(text, prose):
            if found.result == result and not found.after:
                return replace(found, after=after)
    operands = [number for number in numbers(tree) if number.stated]
    contexts, begin = _contexts_in(before, operands)
    return Equation(
        tree=tree,
        result=result,
        decimals=_decimals(stated),
        line=prose,
        before=before[:begin],
        after=after,
        contexts=contexts,
    )


def _contexts_in(text: str, operands: list[Number]) -> tuple[tuple[Context, ...], int]:
    """Returns the contexts of an expression's numbers in the text before its mark.

    The numbers are searched from the end of the text; a percentage may be written as such. One
    that is not found has no context.

    Returns:
        The contexts, and the position of the first number that is found.
    """
    found = list(_NUMBER.finditer(text))
    at, begin = len(found), len(text)
    contexts: list[Context] = []
    for operand in reversed(operands):
        for place in range(at - 1, max(-1, at - 4), -1):
            match = found[place]
            if exact(match.group()) in (operand.value, operand.value * 100):
                contexts.append(_context(text, match.start(), match.end()))
                at, begin = place, match.start()
                break
        else:
            contexts.append(Context())
    return tuple(reversed(contexts)), begin


def _context(text: str, start: int, end: int) -> Context:
    before = re.split(rf"{UNSIGNED}|{_OPERATOR.pattern}", text[:start])[-1]
    after = re.split(rf"{UNSIGNED}|[-+*()×÷=<>]|(?<=\s)x(?=\s)", text[end:])[0]  # noqa: RUF001
    return Context(before or "", after or "")


def _plain_equations(text: str, line: str) -> Iterator[Equation]:
    """Yields the equations in a part of a line of prose, without their units.

    `7 days/week * 5 weeks/month = 35 days/month` is 7 * 5 = 35. An equation that does not hold is
    left out, because prose uses the equals sign in other ways too.
    """
    for left, right in pairwise(spelled_out(text).split("=")):
        left = _without_unknown(left, right)
        match = _RESULT.match(right)
        if match is None or _QUOTIENT.match(right, match.end()):
            continue
        sign, size = match.groups()
        result = exact(size) * (-1 if sign else 1)
        for side in (left, left.replace("%", "")):  # `5 / 20 * 100% = 25%` is 5 / 20 * 100 = 25
            trailing = _trailing_expression(side)
            if trailing is None:
                continue
            tree, spans = trailing
            found = Equation(
                tree=tree,
                result=result,
                decimals=_decimals(size),
                line=line,
                before=side[: spans[0][0]],
                after=right[match.end() :],
                contexts=tuple(_context(side, *span) for span in spans),
            )
            if holds(found):
                yield found
                break


def _without_unknown(left: str, right: str) -> str:
    """Returns a left side without the unknown that both sides end with: `3 + 4 + x = 7 + x`."""
    unknown = _UNKNOWN.search(left)
    result = _RESULT.match(right)
    if unknown is None or result is None:
        return left
    sign, name = map(re.escape, unknown.groups())
    same = re.match(rf"\s*{sign}\s*{name}\b", right[result.end() :])
    return left[: unknown.start()] if same else left


def _decimals(stated: str) -> int:
    return len(stated.partition(".")[2].strip())


def _trailing_expression(text: str) -> tuple[Expression, list[tuple[int, int]]] | None:
    """Returns the expression of at least one operation that ends `text`, without its units.

    Returns:
        The expression, and the positions of its numbers.
    """
    marked = _WORD.sub(lambda word: "\x00" + " " * (len(word[0]) - 1), text)
    pieces = list(_PIECE.finditer(marked))
    for start in range(len(pieces)):
        taken: list[str] = []
        spans: list[tuple[int, int]] = []
        for at, match in enumerate(pieces[start:], start):
            kind, piece = match.lastindex, match.group(0)
            if kind == 3:  # a unit may follow a number or a closing bracket, never an operator
                if not taken or not (taken[-1][-1].isdigit() or taken[-1] in (")", "%")):
                    break
                if at + 1 < len(pieces) and pieces[at + 1].lastindex == 1:
                    break
            elif kind == 4:
                break
            else:
                taken.append(piece)
                if kind == 1:
                    spans.append(match.span())
        else:
            try:
                tree = parse(" ".join(taken))
                value(tree)
            except ValueError:
                continue
            if not isinstance(tree, Number):
                return tree, spans
    return None
