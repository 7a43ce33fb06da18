"""Conversions of units: one quantity in two units, `1.5 hours = 90 minutes`."""

from fractions import Fraction

from caco.answers.units import Dimension, Unit, unit
from caco.statements.sides import Side, readings

_TIME: Dimension = (("time", 1),)
_MONTH: Dimension = (("month", 1),)
# `1 gallon = 4 liters`, `1 pound = 500 grams` and `1 ton = 1000 kg` are usual and not exact.
_ROUGH: frozenset[Dimension] = frozenset({(("mass", 1),), (("length", 3),)})
_USUAL = Fraction(15, 100)
# Not of a length: `1 inch = 3 feet` may be the scale of a map.
_JUDGED = _ROUGH | {_TIME, _MONTH, (("dollar", 1),)}
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

    A result that is rounded or cut off at its last digit may be meant.
    """
    stated, right_value = next(readings((left, right)))
    ((dimension, factor),), ((_, other),) = left.units, right.units
    converted = stated * factor / other
    off = abs(converted - right_value)
    last = Fraction(1, 10 ** (right.decimals or 0))
    if right.decimals and off * 2 <= last:
        return True, converted
    if off and off < last and (converted / last).denominator > 1:
        return None, converted
    return _holds(converted, right_value, Unit(dimension, factor), other), converted


def units_in_one(count: Fraction, small: str, large: str) -> tuple[bool | None, Fraction]:
    """Returns whether one unit has a number of another, as `60 minutes in an hour`, and how many.

    Raises:
        ValueError: The two words are not units of one dimension.
    """
    one, other = unit(large), unit(small)
    if one is None or other is None or one.dimension != other.dimension:
        raise ValueError(f"{small} and {large} are not units of one dimension")
    converted = one.factor / other.factor
    return _holds(converted, count, one, other.factor), converted


def compound_holds(
    parts: tuple[tuple[Fraction, str], tuple[Fraction, str]], single: tuple[Fraction, str]
) -> tuple[bool | None, Fraction]:
    """Returns whether two quantities are one, as `1 hour 30 minutes = 90 minutes`, and their sum.

    Raises:
        ValueError: A word is not a unit, or the dimensions differ.
    """
    (one, large), (other, small) = parts
    count, word = single
    first, second, result = unit(large), unit(small), unit(word)
    if not (first and second and result):
        raise ValueError(f"{large}, {small} or {word} is no unit")
    if len({first.dimension, second.dimension, result.dimension}) > 1:
        raise ValueError(f"{large}, {small} and {word} are not units of one dimension")
    total = (one * first.factor + other * second.factor) / result.factor
    judged = first.dimension == _TIME and max(first.factor, result.factor) <= _HOUR
    return True if total == count else (False if judged else None), total


def _holds(converted: Fraction, stated: Fraction, one: Unit, other: Fraction) -> bool | None:
    """Returns whether two numbers of a unit are equal; None if a usual factor may be meant.

    Args:
        converted: The right number.
        stated: The stated number.
        one: The unit that was converted.
        other: The size of the unit that both numbers count.
    """
    if converted == stated:
        return True
    if one.dimension not in _JUDGED:
        return None
    if one.dimension in _ROUGH and abs(converted - stated) <= _USUAL * max(converted, stated):
        return None
    # A working day has 8 hours, a working week 5 days, and a school year 9 months: 4 weeks may be
    # 20 days, but 7 weeks are not 48.
    larger, smaller = max(one.factor, other), min(one.factor, other)
    calendar = one.dimension == _MONTH or (one.dimension == _TIME and larger > _HOUR)
    fewer = (converted > stated) == (one.factor > other)
    if not (calendar and larger != smaller and fewer):
        return False
    if min(converted, stated) <= 0:
        return None
    share = stated / converted if one.factor > other else converted / stated
    return None if (larger / smaller * share).denominator == 1 else False
