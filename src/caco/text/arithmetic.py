"""Arithmetic in worked solutions: parsed into a tree, evaluated exactly, written as Python."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from caco.text.numbers import UNSIGNED, exact

_TOKEN = re.compile(rf"\s*(?:({UNSIGNED})|(\*\*|[-+*/()%^]))")
_SPELLINGS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"}  # noqa: RUF001
)
_CURRENCY = re.compile(r"[$€£¥]")
_TIMES = re.compile(r"(?<=[\d)%. ])[xX](?=[\d(. ])")
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
_MAX_POWER = 64  # no step of a worked solution has a larger exponent
_MAX_BITS = 10_000  # of a power
_MAX_TOKENS, _MAX_DEPTH = 400, 40  # below Python's limit of recursion


@dataclass(frozen=True, slots=True)
class Number:
    """A number.

    Attributes:
        value: Its value.
        stated: Whether the text has it; the 100 of a percent sign is not stated.
    """

    value: Fraction
    stated: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """A negated expression."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions and `+`, `-`, `*`, `/` or `**` between them."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression = Number | Negative | Operation


def spelled_out(text: str) -> str:
    """Returns `text` with Python's operators for printed ones, and without currency signs."""
    return _TIMES.sub("*", _CURRENCY.sub("", text.translate(_SPELLINGS)))


def parse(text: str) -> Expression:
    """Returns the tree of an arithmetic expression. `20%` is 20 / 100, and `2(3)` is 2 * 3.

    Raises:
        ValueError: `text` is not an arithmetic expression, or is far longer or deeper than one.
    """
    return _Parser(spelled_out(text)).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"`{text[at:].strip()[:20]}` is not arithmetic")
            self._tokens.append(match.group(1) or match.group(2))
            at = match.end()
            if len(self._tokens) > _MAX_TOKENS:
                raise ValueError(f"it has more than {_MAX_TOKENS} numbers and signs")
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        tree = self._sum()
        if self._next() is not None:
            raise ValueError(f"`{self._next()}` follows a complete expression")
        return tree

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        token = self._next()
        if token is None:
            raise ValueError("the expression is incomplete")
        self._at += 1
        return token

    def _sum(self) -> Expression:
        tree = self._product()
        while self._next() in ("+", "-"):
            tree = Operation(self._take(), tree, self._product())
        return tree

    def _product(self) -> Expression:
        tree = self._factor()
        while (token := self._next()) is not None and token not in ("+", "-", ")"):
            operator = self._take() if token in ("*", "/") else "*"  # 2(3)
            tree = Operation(operator, tree, self._factor())
        return tree

    def _factor(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")
        tree = self._signed()
        self._depth -= 1
        return tree

    def _signed(self) -> Expression:
        if self._next() == "-":
            self._take()
            return Negative(self._factor())
        if self._next() == "+":
            self._take()
        tree = self._atom()
        while self._next() == "%":
            self._take()
            tree = Operation("/", tree, Number(Fraction(100), stated=False))
        if self._next() in ("^", "**"):
            self._take()
            tree = Operation("**", tree, self._factor())
        return tree

    def _atom(self) -> Expression:
        token = self._take()
        if token == "(":
            tree = self._sum()
            if self._take() != ")":
                raise ValueError("a bracket is not closed")
            return tree
        try:
            return Number(exact(token))
        except ValueError:
            raise ValueError(f"`{token}` is in the place of a number") from None


def value(tree: Expression) -> Fraction:
    """Returns the exact value of an expression.

    Raises:
        ValueError: The expression divides by zero, its exponent is not a small integer, or a power
            is too large.
    """
    match tree:
        case Number(found):
            return found
        case Negative(operand):
            return -value(operand)
        case Operation(operator, left, right):
            a, b = value(left), value(right)
            if operator == "/" and b == 0:
                raise ValueError("it divides by zero")
            if operator == "**":
                if b.denominator != 1 or abs(b) > _MAX_POWER or (a == 0 and b < 0):
                    raise ValueError("its exponent is not a small integer")
                if max(map(int.bit_length, a.as_integer_ratio())) * abs(b) > _MAX_BITS:
                    raise ValueError("its power is too large")
                return Fraction(a ** int(b))
            steps: dict[str, Callable[[], Fraction]] = {
                "+": lambda: a + b,
                "-": lambda: a - b,
                "*": lambda: a * b,
                "/": lambda: a / b,
            }
            return steps[operator]()
    raise AssertionError(tree)


def numbers(tree: Expression) -> list[Number]:
    """Returns the numbers of an expression, from left to right."""
    match tree:
        case Negative(operand):
            return numbers(operand)
        case Operation(_, left, right):
            return [*numbers(left), *numbers(right)]
        case Number():
            return [tree]


def python(tree: Expression, atom: Callable[[Number], tuple[str, int]]) -> str:
    """Returns the expression as Python, without unnecessary parentheses.

    Args:
        tree: The expression.
        atom: Returns what to write for a number and its precedence: 5 for a name or a literal, 2
            for a quotient. It is called from left to right.
    """
    return _python(tree, atom)[0]


def _python(tree: Expression, atom: Callable[[Number], tuple[str, int]]) -> tuple[str, int]:
    match tree:
        case Number():
            return atom(tree)
        case Negative(operand):
            text, binds = _python(operand, atom)
            return f"-{text if binds >= 3 else f'({text})'}", 3
        case Operation(operator, left, right):
            binds = _PRECEDENCE[operator]
            (a, tight_a), (b, tight_b) = _python(left, atom), _python(right, atom)
            if tight_a < binds or (operator == "**" and tight_a <= binds):
                a = f"({a})"
            if tight_b <= binds:
                b = f"({b})"
            return f"{a} {operator} {b}", binds


def literal(found: Fraction) -> str:
    """Returns a finite decimal as a Python literal: `7`, `0.25`."""
    return str(found.numerator) if found.denominator == 1 else repr(float(found))
