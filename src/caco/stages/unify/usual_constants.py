"""Numbers that a solution may use although neither the question nor an earlier step states them.

A unit's number is usual only in a text that speaks of both units: 60 in one of minutes and hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from caco.stages.unify.words import listed


@dataclass(frozen=True, slots=True)
class Constant:
    """A usual constant.

    Attributes:
        value: Its value.
        name: Its name in a program; None for a number that is written as it is, such as the 2 of
            "half as many".
        words: The words that speak of it, as stems.
        general: Whether it is general knowledge, such as the legs of a dog.
    """

    value: Fraction
    name: str | None
    words: frozenset[str]
    general: bool = False


# Value, unit, larger unit.
_CONVERSIONS: tuple[tuple[int, str, str], ...] = (
    (60, "second", "minute"), (60, "minute", "hour"), (24, "hour", "day"), (7, "day", "week"),
    (12, "month", "year"), (52, "week", "year"), (365, "day", "year"), (30, "day", "month"),
    (4, "week", "month"), (3600, "second", "hour"), (1440, "minute", "day"),
    (10, "year", "decade"), (100, "year", "century"),
    (100, "cent", "dollar"), (25, "cent", "quarter"), (10, "cent", "dime"), (5, "cent", "nickel"),
    (4, "quarter", "dollar"), (10, "dime", "dollar"), (20, "nickel", "dollar"),
    (100, "penny", "dollar"),
    (12, "inch", "foot"), (3, "foot", "yard"), (36, "inch", "yard"), (5280, "foot", "mile"),
    (1760, "yard", "mile"), (1000, "meter", "kilometer"), (100, "centimeter", "meter"),
    (10, "millimeter", "centimeter"), (1000, "millimeter", "meter"), (100, "cm", "meter"),
    (1000, "meter", "km"), (1000, "m", "km"), (100, "cm", "m"),
    (16, "ounce", "pound"), (2000, "pound", "ton"), (1000, "gram", "kilogram"), (1000, "g", "kg"),
    (1000, "gram", "kg"), (1000, "milligram", "gram"), (1000, "kilogram", "ton"),
    (1000, "milliliter", "liter"), (1000, "ml", "liter"), (1000, "ml", "l"),
    (4, "quart", "gallon"), (8, "pint", "gallon"), (2, "pint", "quart"), (16, "cup", "gallon"),
    (4, "cup", "quart"), (2, "cup", "pint"), (8, "ounce", "cup"), (16, "ounce", "pint"),
    (32, "ounce", "quart"), (128, "ounce", "gallon"), (3, "teaspoon", "tablespoon"),
    (16, "tablespoon", "cup"), (1000, "watt", "kilowatt"),
)  # fmt: skip
_PLURALS = {"foot": "feet", "inch": "inches", "century": "centuries", "penny": "pennies"}
# Words that name a unit without its noun.
_ALSO = {
    "day": {"daily", "everyday", "tomorrow", "yesterday"},
    "week": {"weekly"},
    "month": {"monthly"},
    "year": {"yearly", "annual", "annually"},
    "hour": {"hourly"},
    "dollar": {"$"},
    "foot": {"feet", "ft"},
    "kilometer": {"km"},
    "centimeter": {"cm"},
    "kilogram": {"kg"},
    "minute": {"min"},
}
HUNDRED_PERCENT = "HUNDRED_PERCENT"
"""The name of the 100 of a percentage."""
_PER_CENT = listed("% percent percentage")
# Constants of one unit alone: value, name, words of which the text has one.
_ALONE: tuple[tuple[Fraction, str, frozenset[str]], ...] = (
    (Fraction(24), "HOURS_PER_DAY", listed("day daily")),
    (Fraction(7), "DAYS_PER_WEEK", listed("week weekly")),
    (Fraction(12), "DOZEN", listed("dozen")),
    (Fraction(12), "MONTHS_PER_YEAR", listed("year yearly annual annually")),
    (Fraction(100), HUNDRED_PERCENT, _PER_CENT),
    (Fraction(1, 100), "PER_CENT", _PER_CENT),
    (Fraction(1, 100), "DOLLARS_PER_PENNY", listed("penny cent")),
    (Fraction(1, 20), "DOLLARS_PER_NICKEL", listed("nickel")),
    (Fraction(1, 10), "DOLLARS_PER_DIME", listed("dime")),
    (Fraction(1, 4), "DOLLARS_PER_QUARTER", listed("quarter")),
    (Fraction(360), "DEGREES_PER_CIRCLE", listed("degree circle")),
    (Fraction(180), "DEGREES_PER_TRIANGLE", listed("degree triangle")),
)
# Constants of solutions with a number that nothing else explains: value, name, words of which the
# text has all.
_MONTHS_31 = ("january", "march", "may", "july", "august", "october", "december")
_MONTHS_30 = ("april", "june", "september", "november")
_PARTS: tuple[tuple[int, str, str], ...] = (  # number of parts, part, what has them
    *((4, "leg", animal) for animal in (
        "dog", "cat", "cow", "horse", "sheep", "goat", "pig", "rabbit", "table", "chair",
    )),
    *((2, "leg", animal) for animal in ("chicken", "duck", "hen", "bird", "person", "human")),
    (8, "leg", "spider"), (6, "leg", "insect"),
    (4, "wheel", "car"), (2, "wheel", "bicycle"), (2, "wheel", "bike"), (3, "wheel", "tricycle"),
    (4, "tire", "car"), (2, "tire", "bike"), (2, "tire", "bicycle"),
    (4, "side", "square"), (4, "side", "rectangle"), (3, "side", "triangle"), (6, "face", "cube"),
    (52, "card", "deck"),
)  # fmt: skip
_LESS_USUAL: tuple[tuple[int, str, frozenset[str]], ...] = (
    (12, "MONTHS_PER_YEAR", listed("month")),
    (60, "MINUTES_PER_HOUR", listed("hour")),
    (30, "MINUTES_PER_HALF_HOUR", listed("half hour")),
    (15, "MINUTES_PER_QUARTER_HOUR", listed("quarter hour")),
    (5, "WEEKDAYS_PER_WEEK", listed("weekday")),
    (5, "WEEKDAYS_PER_WEEK", listed("monday friday")),
    (2, "DAYS_PER_WEEKEND", listed("weekend")),
    (2, "DAYS_PER_WEEKEND", listed("saturday sunday")),
    *((31, f"DAYS_IN_{month.upper()}", listed(month)) for month in _MONTHS_31),
    *((30, f"DAYS_IN_{month.upper()}", listed(month)) for month in _MONTHS_30),
    (28, "DAYS_IN_FEBRUARY", listed("february")),
    *(
        (number, f"{part}S_PER_{whole}".upper(), frozenset({part, whole}))
        for number, part, whole in _PARTS
    ),
)
# Words that state a factor or a divisor.
_WORDED: dict[Fraction, frozenset[str]] = {
    Fraction(2): listed(
        """half halve halved halving halfway twice double doubled doubling both pair couple second
        bicycle twin back way trip"""
    ),
    Fraction(3): listed("third triple tripled tripling thrice triplet tricycle"),
    Fraction(4): listed("quarter fourth quadruple quadrupled square"),
    Fraction(5): listed("fifth quintuple"),
    Fraction(6): listed("sixth"),
    Fraction(7): listed("seventh"),
    Fraction(8): listed("eighth"),
    Fraction(9): listed("ninth"),
    Fraction(10): listed("tenth"),
    Fraction(12): listed("twelfth"),
    Fraction(20): listed("score twentieth"),
    Fraction(100): listed("hundred hundredth"),
    Fraction(1000): listed("thousand"),
    Fraction(10**6): listed("million"),
    Fraction(10**9): listed("billion"),
    Fraction(1, 2): listed("half halve halved halving halfway"),
    Fraction(1, 4): listed("quarter fourth"),
    Fraction(1, 5): listed("fifth"),
    Fraction(1, 10): listed("tenth"),
    Fraction(3, 2): listed("half"),
}
FACTORS = listed(
    """half halve halved halving twice double doubled doubling triple tripled thrice
    quadruple"""
)
"""The words that state a factor, each of which a solution uses."""


def units_of(word: str) -> frozenset[str]:
    """Returns the words that speak of a unit."""
    return frozenset({word, *_ALSO.get(word, ())})


def conversions(words: frozenset[str]) -> Iterator[tuple[Fraction, str, str, str]]:
    """Yields the conversions between the units of a text: value, name, unit and larger unit."""
    for number, unit, larger in _CONVERSIONS:
        if units_of(unit) & words and units_of(larger) & words:
            name = f"{_PLURALS.get(unit, unit + 's')}_PER_{larger}".upper()
            yield Fraction(number), name, unit, larger


def usual(found: Fraction, words: frozenset[str]) -> Iterator[Constant]:
    """Yields what a number may be in a text with these words, as stems."""
    for number, name, unit, larger in conversions(words):
        if number == found:
            yield Constant(number, name, units_of(unit) | units_of(larger))
    if found == 60 and {"minute", "day"} <= words:
        yield Constant(found, "MINUTES_PER_HOUR", listed("minute hour"))
    for number, name, spoken in _ALONE:
        if number == found and spoken & words:
            yield Constant(number, name, spoken & words)
    if spoken := _WORDED.get(found, frozenset()) & words:
        yield Constant(found, None, spoken)


def less_usual(found: Fraction, words: frozenset[str]) -> Iterator[Constant]:
    """Yields the constants of general knowledge that a number may be."""
    for number, name, spoken in _LESS_USUAL:
        if number == found and spoken <= words:
            yield Constant(found, name, spoken, general=True)
            return
