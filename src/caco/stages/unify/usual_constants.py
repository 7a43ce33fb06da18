"""Numbers that a solution may use although neither the question nor an earlier step states them.

A unit's number is usual only in a text that speaks of both units: 60 in one of minutes and hours.
"""

from collections.abc import Iterator, Set
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
    """

    value: Fraction
    name: str | None
    words: frozenset[str]


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
# Words that state a factor or a divisor.
_WORDED: dict[int, str] = {
    2: "half halve halved halving halfway twice double doubled doubling doubly both pair couple "
    "second bicycle twin back way trip",
    3: "third triple tripled tripling thrice triplet tricycle",
    4: "quarter fourth quadruple quadrupled square",
    5: "fifth quintuple",
    6: "sixth",
    7: "seventh",
    8: "eighth",
    9: "ninth",
    10: "tenth",
    12: "dozen twelfth",
    20: "score twentieth",
    100: "hundred hundredth percent % percentage",
    1000: "thousand",
    1000000: "million",
    1000000000: "billion",
}
FACTORS = listed(
    """half halve halved halving twice double doubled doubling triple tripled thrice
    quadruple"""
)
"""The words that state a factor, each of which a solution uses."""
_PER_CENT = frozenset({"%", "percent", "percentage"})
_NAMED = {12: ("DOZEN", "dozen"), 100: ("PERCENT", "% percent percentage")}
_COINS = {
    "penny": "DOLLARS_PER_PENNY",
    "cent": "DOLLARS_PER_CENT",
    "nickel": "DOLLARS_PER_NICKEL",
    "dime": "DOLLARS_PER_DIME",
    "quarter": "DOLLARS_PER_QUARTER",
}
_CENTS = {"penny": 1, "cent": 1, "nickel": 5, "dime": 10, "quarter": 25}
_FRACTIONS = {
    Fraction(1, 2): "half halve halved halving halfway",
    Fraction(1, 4): "quarter fourth",
    Fraction(1, 5): "fifth",
    Fraction(1, 10): "tenth",
    Fraction(3, 2): "half",
}


def units_of(word: str) -> frozenset[str]:
    """Returns the words that speak of a unit."""
    return frozenset({word, *_ALSO.get(word, ())})


def conversions(words: Set[str]) -> Iterator[tuple[Fraction, str, str, str]]:
    """Yields the conversions between the units of a text: value, name, unit and larger unit."""
    for number, unit, larger in _CONVERSIONS:
        if units_of(unit) & words and units_of(larger) & words:
            name = f"{_PLURALS.get(unit, unit + 's')}_PER_{larger}".upper()
            yield Fraction(number), name, unit, larger


def usual(found: Fraction, words: Set[str]) -> Iterator[Constant]:
    """Yields what a number may be in a text with these words, as stems."""
    for number, name, unit, larger in conversions(words):
        if number == found:
            yield Constant(number, name, units_of(unit) | units_of(larger))
    if found == 60 and {"minute", "day"} <= words:
        yield Constant(found, "MINUTES_PER_HOUR", frozenset({"minute", "hour"}))
    if found == 24 and "day" in words:
        yield Constant(found, "HOURS_PER_DAY", frozenset({"hour", "day"}))
    if found == 7 and units_of("week") & words:
        yield Constant(found, "DAYS_PER_WEEK", frozenset({"day", "week"}))
    if found == 12 and units_of("year") & words:
        yield Constant(found, "MONTHS_PER_YEAR", frozenset({"month", "year"}))
    if found in _NAMED and (spoken := set(_NAMED[int(found)][1].split()) & words):
        yield Constant(found, _NAMED[int(found)][0], frozenset(spoken))
    elif found.denominator == 1 and (spoken := set(_WORDED.get(int(found), "").split()) & words):
        yield Constant(found, None, frozenset(spoken))
    for coin, name in _COINS.items():
        if Fraction(_CENTS[coin], 100) == found and coin in words:
            yield Constant(found, name, frozenset({coin}))
    if found == Fraction(1, 100) and (spoken := _PER_CENT & words):
        yield Constant(found, "PER_CENT", frozenset(spoken))
    if spoken := set(_FRACTIONS.get(found, "").split()) & words:
        yield Constant(found, None, frozenset(spoken))
    if found == 360 and words & {"degree", "circle"}:
        yield Constant(found, "DEGREES_PER_CIRCLE", frozenset({"degree", "circle"}))
    if found == 180 and words & {"degree", "triangle"}:
        yield Constant(found, "DEGREES_PER_TRIANGLE", frozenset({"degree", "triangle"}))
