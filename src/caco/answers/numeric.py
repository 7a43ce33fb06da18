"""Equality of expressions, exact for rational numbers and at random points otherwise.

Two expressions are equal if their values agree to 40 digits at every point of a fixed set: the
variables get pseudo-random values that depend on their names alone. That two different expressions
of the length of an answer agree there by chance is not possible in practice (for rational
functions, the bound of Schwartz and Zippel), and nothing is simplified, so every comparison ends.
"""

import hashlib
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath

from caco.answers.model import Expr, Num, Op, Sym

_DIGITS = 60
_EQUAL = mpmath.mpf(10) ** -40
_DIFFERENT = mpmath.mpf(10) ** -25
# Powers beyond this many bits are not computed exactly; see `_rational`.
_EXACT_BITS = 4096
# Decimal digits of the exponent of the largest number that is computed.
_LARGEST_EXPONENT = 18
_SERIES = ("sum", "prod")
_MOST_TERMS = 500
# All positive, all negative, and of both signs.
_SIGNS: tuple[tuple[int, ...], ...] = ((1,), (1,), (-1,), (1, -1, 1), (-1, 1))


class NotComputable(Exception):
    """An expression has no value that can be computed: too large, undefined, or unknown."""


def rational(expr: Expr) -> Fraction | None:
    """Returns the exact value of an expression, or None if it is not rational or too large."""
    try:
        return _rational(expr)
    except (NotComputable, ZeroDivisionError):
        return None


def equal(a: Expr, b: Expr) -> bool | None:
    """Returns whether two expressions are equal, None where that cannot be decided.

    None stands for: a value is too large to compute or undefined, or the expressions are equal for
    positive variables only.
    """
    x, y = rational(a), rational(b)
    if x is not None and y is not None:
        return x == y
    names = {*symbols(a), *symbols(b)}
    agreements: list[bool] = []
    with mpmath.workdps(_DIGITS):
        for turn in range(len(_SIGNS) if names else 1):
            try:
                agreement = _close(_value(a, turn), _value(b, turn))
            except (NotComputable, ZeroDivisionError, OverflowError, ValueError, TypeError):
                agreement = None
            if agreement is None:
                continue
            if not agreement and turn < 2:
                # A series with symbolic bounds has no known value: only its like equals it.
                return None if _has_series(a) or _has_series(b) else False
            agreements.append(agreement)
    if len(agreements) < (3 if names else 1):
        return None
    return True if all(agreements) else None


def near(a: Expr, b: Expr, tolerance: Fraction, error: Fraction = Fraction(0)) -> bool:
    """Tells whether two constants differ by at most `tolerance` of the second, plus `error`."""
    x, y = rational(a), rational(b)
    if x is not None and y is not None:
        return abs(x - y) <= tolerance * abs(y) + error
    if {*symbols(a), *symbols(b)}:
        return False
    with mpmath.workdps(_DIGITS):
        try:
            x, y = _value(a, 0), _value(b, 0)
            limit = abs(y) * tolerance.numerator / tolerance.denominator
            limit += mpmath.mpf(error.numerator) / error.denominator
            return bool(abs(x - y) <= limit)
        except (NotComputable, ZeroDivisionError, OverflowError, ValueError, TypeError):
            return False


def ratio(a: Expr, b: Expr) -> int | None:
    """Returns the sign of `a / b` if it is the same number at every point, else None or 0.

    Returns:
        1 or -1 for a constant ratio of that sign, 0 for a ratio that is not constant, None where
        it cannot be computed.
    """
    found: Any = None
    with mpmath.workdps(_DIGITS):
        for turn in range(len(_SIGNS)):
            try:
                quotient = _value(a, turn) / _value(b, turn)
            except (NotComputable, ZeroDivisionError, OverflowError, ValueError, TypeError):
                return None
            if found is not None and not _close(found, quotient):
                return 0
            found = quotient
    if abs(mpmath.im(found)) > _EQUAL * abs(found) or not found:
        return 0
    return 1 if mpmath.re(found) > 0 else -1


def symbols(expr: Expr) -> Iterator[str]:
    """Yields the names of the variables of an expression."""
    if isinstance(expr, Sym):
        yield expr.name
    elif isinstance(expr, Op):
        for arg in expr.args:
            yield from symbols(arg)


def substituted(expr: Expr, name: str, value: Expr) -> Expr:
    """Returns an expression with another one in place of a variable, in subscripts too."""
    if isinstance(expr, Sym):
        letter, _, subscript = expr.name.partition("_")
        if not subscript:
            return value if expr.name == name else expr
        shown = value.name if isinstance(value, Sym) else str(rational(value))
        pattern = rf"(?<![A-Za-z#]){re.escape(name)}(?![A-Za-z\d])"
        return Sym(f"{letter}_{re.sub(pattern, shown, subscript)}")
    if isinstance(expr, Op):
        return Op(expr.name, tuple(substituted(arg, name, value) for arg in expr.args))
    return expr


def _has_series(expr: Expr) -> bool:
    return isinstance(expr, Op) and (expr.name in _SERIES or any(map(_has_series, expr.args)))


def _terms(expr: Op) -> list[Expr] | None:
    """Returns the terms of a sum or product, or None if its bounds are not numbers or too far."""
    index, lower, upper, body = expr.args
    assert isinstance(index, Sym)
    first, last = rational(lower), rational(upper)
    if first is None or last is None or first.denominator > 1 or last.denominator > 1:
        return None
    if last - first > _MOST_TERMS:
        return None
    return [
        substituted(body, index.name, Num(Fraction(k))) for k in range(int(first), int(last) + 1)
    ]


def _close(a: Any, b: Any) -> bool | None:
    if not (mpmath.isfinite(a) and mpmath.isfinite(b)):
        return bool(a == b) if mpmath.isinf(a) or mpmath.isinf(b) else None
    largest = max(abs(a), abs(b))
    if not largest:
        return True
    difference = abs(a - b) / largest
    if difference < _EQUAL:
        return True
    # A difference of rounding errors of 60 digits, where terms cancel.
    return False if difference > _DIFFERENT else None


def _rational(expr: Expr) -> Fraction:
    if isinstance(expr, Num):
        return expr.value
    if isinstance(expr, Sym):
        raise NotComputable
    if expr.name in _SERIES:
        terms = _terms(expr)
        if terms is None:
            raise NotComputable
        values = [_rational(term) for term in terms]
        return (
            sum(values, Fraction(0)) if expr.name == "sum" else math.prod(values, start=Fraction(1))
        )
    a, *rest = map(_rational, expr.args) if expr.name in _EXACT else (Fraction(0),)
    match expr.name, rest:
        case "neg", []:
            return -a
        case "abs", []:
            return abs(a)
        case "floor", []:
            return Fraction(math.floor(a))
        case "ceil", []:
            return Fraction(math.ceil(a))
        case "factorial", [] if a.denominator == 1 and 0 <= a <= 400:
            return Fraction(math.factorial(int(a)))
        case "add", [b]:
            return a + b
        case "mul", [b]:
            return a * b
        case "div", [b]:
            return a / b
        case "pow", [b] if b.denominator == 1 and _bits(a) * abs(b) <= _EXACT_BITS:
            return a ** int(b)
        case "binom", [b] if a.denominator == b.denominator == 1 and 0 <= b <= a <= 10_000:
            return Fraction(math.comb(int(a), int(b)))
        case "gcd" | "lcm", [_, *_] if all(v.denominator == 1 for v in (a, *rest)):
            whole = [int(v) for v in (a, *rest)]
            return Fraction(math.gcd(*whole) if expr.name == "gcd" else math.lcm(*whole))
        case "max", _:
            return max(a, *rest)
        case "min", _:
            return min(a, *rest)
    raise NotComputable


_EXACT = frozenset((
    "neg", "abs", "floor", "ceil", "factorial", "add", "mul", "div", "pow", "binom", "gcd", "lcm",
    "max", "min",
))  # fmt: skip


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _value(expr: Expr, turn: int) -> Any:
    """Returns the value of an expression at a point, a real or complex number of mpmath."""
    if isinstance(expr, Num):
        return mpmath.mpf(expr.value.numerator) / expr.value.denominator
    if isinstance(expr, Sym):
        return _point(expr.name, turn)
    if expr.name in _CONSTANTS:
        return _CONSTANTS[expr.name]()
    if expr.name in _SERIES and (terms := _terms(expr)) is not None:
        values = [_value(term, turn) for term in terms]
        return mpmath.fsum(values) if expr.name == "sum" else mpmath.fprod(values)
    args = [_value(arg, turn) for arg in expr.args]
    if expr.name in _SERIES:
        return _unknown(expr.name, args[1:])  # of its bounds and its terms at one index
    if expr.name.startswith("f:"):
        return _unknown(expr.name, args)
    if expr.name == "pow":
        return _power(*args)
    if expr.name in ("factorial", "binom", "exp") and any(abs(a) > 1e12 for a in args):
        raise NotComputable
    function = _FUNCTIONS.get(expr.name)
    if function is None:
        raise NotComputable
    return function(*args)


def _unknown(name: str, args: list[Any]) -> Any:
    """Returns the value of an unknown function: an analytic one that depends on its name."""
    seed = _point(name, 0)
    return sum(mpmath.cos(seed * (k + 2) * arg + seed) for k, arg in enumerate(args))


def _power(base: Any, exponent: Any) -> Any:
    if base and mpmath.isfinite(base) and mpmath.isfinite(exponent):
        size = abs(exponent) * abs(mpmath.log(abs(base))) if abs(base) != 1 else 0
        if size > mpmath.mpf(10) ** _LARGEST_EXPONENT:
            raise NotComputable
    if mpmath.im(base) == 0 and mpmath.re(base) < 0 and mpmath.im(exponent) == 0:
        # The cube root of a negative number is real, as in school.
        for root in (3, 5, 7):
            times = exponent * root
            if abs(exponent - mpmath.nint(exponent)) > _EQUAL and (
                abs(times - mpmath.nint(times)) < _EQUAL
            ):
                sign = -1 if int(mpmath.nint(times)) % 2 else 1
                return sign * abs(base) ** exponent
    return base**exponent


def _point(name: str, turn: int) -> Any:
    """Returns the value of a variable at a point: between 0.3 and 2.3, negative at some points."""
    raw = hashlib.sha256(f"{turn}:{name}".encode()).digest()
    signs = _SIGNS[turn]
    size = mpmath.mpf(int.from_bytes(raw[:20], "big")) / (1 << 160) * 2 + mpmath.mpf(3) / 10
    return signs[raw[20] % len(signs)] * size


def _log(x: Any, base: Any = None) -> Any:
    return mpmath.log(x) if base is None else mpmath.log(x) / mpmath.log(base)


_CONSTANTS = {
    "pi": lambda: +mpmath.pi,
    "e": lambda: +mpmath.e,
    "i": lambda: mpmath.mpc(0, 1),
    "inf": lambda: mpmath.inf,
}
_FUNCTIONS: dict[str, Any] = {
    "neg": lambda a: -a,
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": mpmath.sqrt,
    "root": lambda a, n: _power(a, 1 / n),
    "abs": abs,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "factorial": mpmath.factorial,
    "binom": mpmath.binomial,
    "log": _log,
    "exp": mpmath.exp,
    "conj": mpmath.conj,
    "max": max,
    "min": min,
    **{
        name: getattr(mpmath, mp)
        for name, mp in (
            ("sin", "sin"), ("cos", "cos"), ("tan", "tan"), ("cot", "cot"), ("sec", "sec"),
            ("csc", "csc"), ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"),
            ("arccot", "acot"), ("arcsec", "asec"), ("arccsc", "acsc"), ("sinh", "sinh"),
            ("cosh", "cosh"), ("tanh", "tanh"), ("coth", "coth"), ("arcsinh", "asinh"),
            ("arccosh", "acosh"), ("arctanh", "atanh"),
        )
    },
}  # fmt: skip
