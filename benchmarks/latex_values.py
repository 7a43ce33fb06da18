r"""Values of short answers in LaTeX: a check, independent of the grader, that two answers differ.

It reads numbers, letters, `\frac`, `\sqrt`, powers, a few functions and products without a sign.
Letters get fixed random values, so two expressions with equal values are the same expression, but
for chance.
"""

import cmath
import math
import random
import re
from fractions import Fraction

_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\d+\.\d*|\.\d+|\d+|[A-Za-z]|[-+*/^(){}\[\]!|])")
_SPACING = re.compile(r"\\(?:[,;:! ]|q?quad|left|right|displaystyle)(?![A-Za-z])")
_FUNCTIONS = {
    r"\sin": cmath.sin,
    r"\cos": cmath.cos,
    r"\tan": cmath.tan,
    r"\ln": cmath.log,
    r"\log": cmath.log10,
}
_FRACTION = re.compile(r"(-?)\s*\\[dtc]?frac\{(-?\d+)\}\{(\d+)\}|(-?\d+)\s*/\s*(\d+)")
_DECIMAL = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_TOLERANCE = 1e-9


def number(text: str) -> Fraction | None:
    """Returns the value of an integer, a decimal or a fraction of integers, else None.

    Decimals may have an exponent, as `4.7e-34`.
    """
    text = text.replace(r"\!", "").replace("{,}", ",").strip()
    if match := _FRACTION.fullmatch(text):
        top, bottom = int(match[2] or match[4]), int(match[3] or match[5])
        return None if bottom == 0 else Fraction(-top if match[1] else top, bottom)
    if _DECIMAL.fullmatch(text) and text[-1:].isdigit():
        return Fraction(text.replace(",", ""))
    return None


def same_value(a: str, b: str) -> bool | None:
    """Tells whether two expressions have the same value; None if one cannot be read."""
    try:
        left, right = value(a), value(b)
    except (ArithmeticError, ValueError, RecursionError):
        return None
    return abs(left - right) <= _TOLERANCE * max(abs(left), abs(right), _TOLERANCE)


def value(text: str) -> complex:
    """Returns the value of an expression.

    Raises:
        ValueError: It has other parts than the module's docstring names.
        ArithmeticError: It has no value, or one that is too large.
    """
    reader = _Reader(text)
    found = reader.sum()
    if reader.token() is not None:
        raise ValueError(f"{text!r} is not an expression")
    if not cmath.isfinite(found):
        raise OverflowError(text)
    return found


class _Reader:
    """A recursive descent parser that evaluates what it reads."""

    def __init__(self, text: str) -> None:
        text = _SPACING.sub(" ", text).strip()
        self._tokens, self._at, end = list[str](), 0, 0
        while end < len(text):
            match = _TOKEN.match(text, end)
            if match is None:
                raise ValueError(f"{text[end]!r} is not part of an expression")
            self._tokens.append(match[1])
            end = match.end()

    def token(self) -> str | None:
        """Returns the next token, which is not consumed; None at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def sum(self) -> complex:
        """Reads a sum."""
        total = self._product()
        while (sign := self.token()) in ("+", "-"):
            self._at += 1
            term = self._product()
            total += term if sign == "+" else -term
        return total

    def _product(self) -> complex:
        if self.token() in ("+", "-"):
            negative = self._take() == "-"
            return -self._product() if negative else self._product()
        result = self._power()
        while (token := self.token()) is not None and token not in ("+", "-", ")", "}", "]", "|"):
            if token in ("/", r"\div"):
                self._at += 1
                result /= self._power()
                continue
            if token in ("*", r"\cdot", r"\times"):
                self._at += 1
            elif token[0].isdigit() or token[0] == ".":
                raise ValueError("a number after a factor")
            result *= self._power()
        return result

    def _power(self) -> complex:
        base = self._atom()
        if self.token() == "!":
            self._at += 1
            if base.imag or base.real != int(base.real) or not 0 <= base.real <= 100:
                raise ValueError("a factorial of no small integer")
            base = complex(math.factorial(int(base.real)))
        if self.token() == "^":
            self._at += 1
            exponent = self._atom()
            if abs(exponent) > 1e4 or abs(base) > 1e4:
                raise OverflowError("a large power")
            base = base**exponent
        return base

    def _atom(self) -> complex:
        token = self._take()
        if token in ("(", "{", "["):
            inner = self.sum()
            self._expect({"(": ")", "{": "}", "[": "]"}[token])
            return inner
        if token == "-":
            return -self._atom()
        if token[0].isdigit() or token[0] == ".":
            return complex(float(token))
        if token in (r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"):
            top = self._argument()
            return top / self._argument()
        if token == r"\sqrt":
            degree: complex = 2
            if self.token() == "[":
                self._at += 1
                degree = self.sum()
                self._expect("]")
            return self._argument() ** (1 / degree)
        if token in _FUNCTIONS:
            return _FUNCTIONS[token](self._power())
        if token == r"\pi":
            return complex(math.pi)
        if token == "e":
            return complex(math.e)
        if token == "i":
            return 1j
        if len(token) == 1 and token.isalpha():
            return complex(random.Random(token).uniform(1.1, 2.9))
        raise ValueError(f"{token!r} is not part of an expression")

    def _argument(self) -> complex:
        r"""Reads an argument of a command, which without braces is one character: `\frac12`."""
        token = self.token()
        if token is not None and token.isdigit() and len(token) > 1:
            self._tokens[self._at : self._at + 1] = list(token)
        return self._atom()

    def _take(self) -> str:
        token = self.token()
        if token is None:
            raise ValueError("the expression is not complete")
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(f"{token!r} is missing")
