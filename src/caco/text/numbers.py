"""Numbers in running text, each with the values that a reader may take it for."""

import re
from decimal import Decimal

# Not inside a word (x2) nor the tail of another number. A minus sign belongs to a number only
# where a token starts: 5-3 is two positive numbers.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d\.)"
    r"(?P<sign>(?<![\w)\].])[-\u2212])?"
    r"(?:(?P<grouped>\d{1,3}(?:,\d{3})+(?!\d))(?P<cents>\.\d+)?|(?P<plain>\d+(?:\.\d+)?|\.\d+))"
    r"(?P<exponent>[eE][-+]?\d{1,3}(?!\d))?"
    r"(?P<percent>\s?\\?%|\s[Pp]er\s?cent\b)?"
)
_TO_TWELVE = (
    "one", "two", "three", "four", "five", "six",
    "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_WORDS = {word: Decimal(value) for value, word in enumerate(_TO_TWELVE, start=1)}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
# Articles and pronouns as often as numbers ("one of them", "the two numbers"): they may state an
# input, but are not held against a question.
_EXCUSED = frozenset({Decimal(1), Decimal(2)})

Reading = frozenset[Decimal]


def mentions(text: str) -> list[list[Reading]]:
    """Returns the numbers that `text` mentions: for each, what it may stand for.

    `1,000` is one thousand, or in a list the two numbers 1 and 0; `25%` is 25 or 0.25; anything
    else has one reading of one value. The words one to twelve are numbers too.
    """
    found = [_readings(match) for match in _NUMBER.finditer(text)]
    found += [[frozenset({_WORDS[word.lower()]})] for word in _WORD.findall(text)]
    return found


def excused(mention: list[Reading]) -> bool:
    """Tells whether a mention may be no number at all: `one`, `two`."""
    return len(mention) == 1 and mention[0] <= _EXCUSED


def as_number(text: str) -> Decimal | None:
    """Returns the number that `text` is, or None if it is more or other than a number."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match["percent"]:
        return None
    (value,) = _readings(match)[0]
    return value


def _readings(match: re.Match[str]) -> list[Reading]:
    sign = "-" if match["sign"] else ""
    grouped, exponent = match["grouped"], match["exponent"] or ""
    digits = (grouped.replace(",", "") + (match["cents"] or "")) if grouped else match["plain"]
    value = Decimal(f"{sign}{digits}{exponent}")
    readings = [frozenset({value})]
    if match["percent"]:
        readings.append(frozenset({value.scaleb(-2)}))
    if grouped:
        *first, last = grouped.split(",")
        parts = [sign + first[0], *first[1:], last + (match["cents"] or "") + exponent]
        readings.append(frozenset(map(Decimal, parts)))
    return readings
