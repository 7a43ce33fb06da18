"""Conversions of units: one quantity in two units, `1.5 hours = 90 minutes`."""

from fractions import Fraction

from caco.answers.units import Dimension, unit
from caco.statements.sides import Side, readings

# Not of a length: `1 inch = 3 feet` may be the scale of a map.
_JUDGED: frozenset[Dimension] = frozenset(
    {(("time", 1),), (("month", 1),), (("mass", 1),), (("length", 3),), (("dollar", 1),)}
)
# `1 gallon = 4 liters`, `1 pound = 500 grams` and `1 ton = 1000 kg` are usual and not exact.
_USUAL = Fraction(15, 100)
_HOUR = 3600


def is_conversion(left: Side, right: Side) -> bool:
    """Tells whether both sides are a number with one unit each, of one dimension."""
    if not (_is_quantity(left) and _is_quantity(right)):
        return False
    ((one, _),), ((other, _),) = left.units, right.units
    return one == other


def _is_quantity(side: Side) -> bool:
    """Tells whether a side is a number with a unit and no other word: `1.5 hours`, `$2`."""
    single = len(side.pieces) == 1 and not side.operations and len(side.units) == 1
    return single and all(unit(word) is not None for word in side.words)


def conversion_holds(left: Side, right: Side) -> tuple[bool | None, Fraction]:
    """Returns whether a conversion holds, and what the left side is in the unit of the right one.

    Where the sides nearly agree, the factor may be a usual one; that is not judged.
    """
    stated, right_value = next(readings((left, right)))
    ((dimension, factor),), ((_, other),) = left.units, right.units
    converted = stated * factor / other
    off = abs(converted - right_value)
    if off * 2 <= (Fraction(1, 10**right.decimals) if right.decimals else 0):
        return True, converted
    usual = off <= _USUAL * max(abs(converted), abs(right_value))
    # A working day has 8 hours, a working week 5 days, and a school year 9 months.
    larger, smaller = max(factor, other), min(factor, other)
    fewer = (stated * factor > right_value * other) == (factor > other)
    calendar = dimension == (("month", 1),) or (dimension == (("time", 1),) and larger > _HOUR)
    working = calendar and larger != smaller and fewer
    judged = dimension in _JUDGED and not usual and not working
    return (False if judged else None), converted
