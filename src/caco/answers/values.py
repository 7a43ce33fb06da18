"""Comparison of single values: exact, but for floating-point numbers."""

from collections.abc import Sequence as Members
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from caco.answers.model import Expr, Num, Op, Quantity
from caco.answers.numeric import equal, near, rational
from caco.answers.units import DEGREE, TEMPERATURES, Unit

Outcome = Literal["equal", "different", "undecided"]

# Significant digits from which a decimal is a floating-point number: repr() of a double that no
# short decimal stands for has 15 to 17.
_FLOAT_DIGITS = 15
# Relative rounding error of a short computation in double precision.
_FLOAT_ERROR = Fraction(1, 10**12)
# Significant digits from which a decimal that rounds a floating-point number equals it.
_ROUNDED_DIGITS = 6
# Significant digits from which a known decimal may be the rounded value of a program's output.
_ROUNDED_TO = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        outcome: `equal`, `different` or `undecided`.
        why: What decided, as a clause; empty if the values did.
    """

    outcome: Outcome
    why: str = ""


EQUAL = Comparison("equal")
DIFFERENT = Comparison("different")


def compare_numbers(gold: Expr, answer: Expr) -> Comparison:
    """Compares two values; only a floating-point number stands for other numbers than itself."""
    known, found = rational(gold), rational(answer)
    written = _written(gold)
    floating = _written(answer)
    fraction = known is not None and known.denominator > 1 and written is None
    if fraction and floating is not None and floating.digits >= _FLOAT_DIGITS:
        # A fraction, and a floating-point number for it: 0.0833333333333333 for 1/12.
        return EQUAL if near(answer, gold, _FLOAT_ERROR) else DIFFERENT
    if known is not None and written is not None and written.digits >= _FLOAT_DIGITS:
        if found is None:
            return EQUAL if near(answer, gold, _FLOAT_ERROR) else DIFFERENT
        error = abs(found - known)
        if error <= _FLOAT_ERROR * abs(known):
            return EQUAL
        if (
            floating is not None
            and floating.digits >= _ROUNDED_DIGITS
            and (error <= Fraction(1, 2) * Fraction(10) ** -floating.places)
        ):
            return Comparison("equal", "it is the known answer, rounded")
        return DIFFERENT
    outcome = equal(gold, answer)
    if outcome is None:
        return Comparison("undecided", "the values cannot be computed")
    return EQUAL if outcome else DIFFERENT


def computes(output: Expr, known: Expr) -> bool:
    """Tells whether a floating-point number is a known value, or rounds to it."""
    shown, written = _written(output), _written(known)
    if shown is None or not shown.digits:
        return False
    if written is not None and written.digits >= _ROUNDED_TO:
        value, found = rational(known), rational(output)
        assert value is not None
        assert found is not None
        return abs(value - found) <= Fraction(1, 2) * Fraction(10) ** -written.places
    return near(output, known, _FLOAT_ERROR)


def within(answer: Expr, gold: Expr, tolerance: Fraction) -> bool:
    """Tells whether a value is within a relative tolerance of a known decimal."""
    written = _written(gold)
    return written is not None and written.digits > 0 and near(answer, gold, tolerance)


def _written(expr: Expr) -> Num | None:
    """Returns the number that an expression is, with or without a sign, as it is written."""
    if isinstance(expr, Op) and expr.name == "neg":
        expr = expr.args[0]
    return expr if isinstance(expr, Num) else None


def compare_bases(gold: Quantity, answer: Quantity) -> Comparison:
    """Compares numbers of which one or both state their base."""
    if answer.base is None:
        return compare_numbers(gold.expr, answer.expr)  # the question states the base
    values = [_in_base(quantity) for quantity in (gold, answer)]
    if None in values:
        return Comparison("undecided", "its digits are not of its base")
    return EQUAL if values[0] == values[1] else DIFFERENT


def _in_base(quantity: Quantity) -> Fraction | None:
    value = rational(quantity.expr)
    if quantity.base in (None, 10) or value is None:
        return value
    assert quantity.base is not None
    if not 2 <= quantity.base <= 36:  # int() reads the prefix of a literal in base 0
        return None
    try:
        return Fraction(int(str(value), quantity.base))
    except ValueError:
        return None


def scaled(expr: Expr, factor: Fraction) -> Expr:
    """Returns an expression times a factor."""
    return expr if factor == 1 else Op("mul", (expr, Num(factor)))


def are_degrees(a: Unit, b: Unit) -> bool:
    """Tells whether two units are degrees, of a temperature where only one of them says so."""
    return DEGREE in (a, b) and bool({a, b} & set(TEMPERATURES.values()))


def to_radians(degrees: Expr) -> Expr:
    """Returns an angle in radians."""
    return Op("div", (Op("mul", (degrees, Op("pi", ()))), Num(Fraction(180))))


def to_degrees(radians: Expr) -> Expr:
    """Returns an angle in degrees."""
    return Op("div", (Op("mul", (radians, Num(Fraction(180)))), Op("pi", ())))


def has_pi(expr: Expr) -> bool:
    """Tells whether an expression contains pi."""
    return isinstance(expr, Op) and (expr.name == "pi" or any(map(has_pi, expr.args)))


def compare_matrices(a: Members[Members[Expr]], b: Members[Members[Expr]]) -> Comparison:
    """Compares matrices cell by cell."""
    if [len(row) for row in a] != [len(row) for row in b]:
        return Comparison("different", "its shape is another")
    outcomes = {
        compare_numbers(x, y).outcome
        for p, q in zip(a, b, strict=True)
        for x, y in zip(p, q, strict=True)
    }
    if "different" in outcomes:
        return DIFFERENT
    return (
        Comparison("undecided", "a cell cannot be compared") if "undecided" in outcomes else EQUAL
    )
