"""How numbers are written: the one reader of numbers in questions, solutions and answers.

`mentions` reads running text, `as_number` and `exact` a text that is one number. The patterns
`PLAIN`, `UNSIGNED` and `PERCENT` serve grammars that contain numbers: arithmetic, lists, LaTeX.
"""

import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Reading = frozenset[Decimal]
"""The values that a mention states if it is read in one way."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in running text.

    Attributes:
        start, end: Its position in the text.
        readings: The possible readings, the most likely first: `25%` is 25 or 0.25, as is `25
            cents`, `1,000` is one thousand or the list of 1 and 0, `two dozen` is 24, or 2, or 2
            and 12.
        parts: The numbers that it is written with: 2 and 12 of `two dozen`, 3 and 4 of `3/4`; the
            cents and the dollars of `25 cents`.
        percent: Whether it is a percentage.
        excused: Whether it may be something other than a number: `one` and `two` are also articles
            and pronouns, `half` and `a third of` are operations, a bare `dozen` is a unit. Such a
            mention may state a value, but no question is rejected for it.
    """

    start: int
    end: int
    readings: tuple[Reading, ...]
    parts: tuple["Mention", ...] = ()
    percent: bool = False
    excused: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """Its start and end."""
        return self.start, self.end

    @property
    def value(self) -> Decimal:
        """The value of the most likely reading."""
        (value,) = self.readings[0]
        return value


_GROUPED = r"\d{1,3}(?:,\d{3})+(?!\d)"
PLAIN = r"\d+(?:\.\d+)?|\.\d+"
"""A number without sign and thousands separators: commas separate the members of a list."""
UNSIGNED = rf"{_GROUPED}(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+"
"""A number without sign as arithmetic writes it: `1,234.50`, `.5`, `5.`."""
_EXPONENT = r"[eE][-+]?\d{1,3}(?!\d)"
PERCENT = r"\\?%|per[\s-]?cents?\b"
"""A percent sign, LaTeX's escape included, or the word in lower case."""
_ABOUT_PERCENT = re.compile(rf"{PERCENT}|percentage", re.IGNORECASE)
SCALES = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9,
    "trillion": 10**12,
}  # fmt: skip
"""The words that multiply the number before them."""

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = ("third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CARDINALS = {
    **{word: value for value, word in enumerate(("zero", *_ONES, *_TEENS))},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
"""The values of single number words, `zero` to `ninety`."""
DENOMINATORS = {
    **{word: value for value, word in enumerate(_ORDINALS, start=3)},
    "half": 2, "halve": 2, "quarter": 4, "twelfth": 12, "sixteenth": 16, "twentieth": 20,
    "hundredth": 100,
}  # fmt: skip
"""The denominators of the words for parts: `third`, `quarter`."""

_EXCUSED = (1, 2)


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


# The grammar of running text, in lower case. A number starts outside words (x2) and other numbers.
# A minus sign belongs to a number only at the start of a token: 5-3 is two positive numbers.
_START = r"(?<![A-Za-z0-9_])(?<!\d\.)(?P<sign>(?<![\w)\].])[-\u2212])?"
_DIGITS = (
    rf"(?:(?P<grouped>{_GROUPED})(?P<cents>\.\d+)?|(?P<plain>{PLAIN}))(?P<exponent>{_EXPONENT})?"
)
_GAP = r"(?:\s+|[-\u2010\u2011])"
_AND = rf"{_GAP}(?:and{_GAP})?"
# `twenty-fifth` is an ordinal; `thirty-second` is more often a duration.
_BELOW_100 = (
    rf"(?:{_any(_TENS)}\b(?:{_GAP}{_any(_ONES)}\b|(?!-(?:first|{_any(_ORDINALS)})\b))"
    rf"|{_any(('zero', *_ONES, *_TEENS))}\b)"
)
# `one hundred and two hundred` are two numbers.
_BELOW_1000 = (
    rf"(?:(?:{_BELOW_100}|a){_GAP}hundred\b(?:{_AND}(?>{_BELOW_100})(?!{_GAP}hundred\b))?"
    rf"|{_BELOW_100})"
)
_POWER = rf"{_any(('thousand', 'million', 'billion', 'trillion'))}\b"
_CARDINAL = (
    rf"(?:(?:{_BELOW_1000}|a){_GAP}{_POWER}(?:{_GAP}{_BELOW_1000}{_GAP}{_POWER}){{0,3}}"
    rf"(?:{_AND}(?>{_BELOW_1000})(?!{_GAP}{_POWER}))?|{_BELOW_1000})"
)
_SCALE = rf"(?P<scale>{_any(SCALES)})"
# `third` and `quarter` are read as fractions only where they are unambiguous: `one third`, `two
# thirds`, `two-third`, `a quarter of`; not in `a third person`, `2 third graders`.
_PART = _any(DENOMINATORS)
_FRACTION = re.compile(
    rf"(?P<number>{_START}(?<!ty-)"
    rf"(?:(?P<whole>\d{{1,6}}|{_CARDINAL})(?:\s+(?=\d+/)|{_GAP}and{_GAP}(?!half\b)))?"
    rf"(?:(?<!/)(?P<top>\d{{1,4}})/(?P<bottom>\d{{1,4}})(?![\d/]|[.,]\d)"
    rf"|(?P<one>one|1){_GAP}(?={_PART}\b)"
    rf"|(?P<some>{_any((*_ONES[1:], *_TEENS))}|\d{{1,2}})(?:-(?={_PART}s?\b)|{_GAP}(?={_PART}s\b))"
    rf"|an?{_GAP}(?=half\b|{_PART}(?(whole)\b|{_GAP}(?:of|as)\b))"
    rf"|(?=half\b))"
    rf"(?(top)|(?P<part>{_PART})s?\b)(?(whole)(?!{_GAP}of\b)))"
    rf"(?:(?:{_GAP}an?)?{_GAP}{_SCALE}s?\b)?"
)
_COUNT = re.compile(
    rf"(?P<number>{_START}{_DIGITS}|\b(?P<words>{_CARDINAL})|\b(?P<article>a)(?={_GAP}dozen{_GAP}\w))"
    rf"(?:(?P<percent>\s*(?:{PERCENT})|-per[\s-]?cent\b)|{_GAP}{_SCALE}s?\b"
    rf"|(?=(?P<cent>{_GAP}cents?\b)))?"
)
_UNIT = re.compile(rf"\b{_SCALE}\b")  # `$3 for a dozen`, `a few hundred`
_NUMBER = re.compile(rf"{_START}{_DIGITS}")
_PLAIN = re.compile(PLAIN)
_GROUPS = re.compile(rf"(?<!\d){_GROUPED}")
_SIGNED = re.compile(rf"[-+]?(?:{UNSIGNED})")
_WITH_EXPONENT = re.compile(rf"(?<![\w.\\])\d+(?:\.\d*)?{_EXPONENT}(?![\w.])")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # keeps every position


def mentions(text: str) -> list[Mention]:
    """Returns the numbers that `text` mentions in digits and in words, in order."""
    found: list[Mention] = []
    rest = text.translate(_LOWER)
    for pattern, read in ((_FRACTION, _fraction), (_COUNT, _count), (_UNIT, _unit)):
        rest = _blanked(rest, pattern, read, found)
    return sorted(found, key=lambda mention: mention.start)


def as_number(text: str) -> Decimal | None:
    """Returns the number in digits that `text` is, or None if it is anything else."""
    match = _NUMBER.fullmatch(text.strip())
    return _in_digits(match) if match else None


def exact(text: str) -> Fraction:
    """Returns the value of an `UNSIGNED` number, with or without a sign: `1,234.50`, `-.5`.

    Raises:
        ValueError: `text` is no such number.
    """
    if not _SIGNED.fullmatch(text.strip()):
        raise ValueError(f"`{text}` is no number")
    return Fraction(Decimal(text.strip().replace(",", "")))


def numerals(text: str) -> list[Decimal]:
    """Returns the `PLAIN` numbers of `text`: the members of a list, the operands of a formula."""
    return [Decimal(number) for number in _PLAIN.findall(text)]


def without_thousands(text: str) -> str:
    """Returns `text` without the thousands separators of its numbers."""
    return _GROUPS.sub(lambda number: number[0].replace(",", ""), text)


def without_exponents(text: str) -> str:
    """Returns `text` with `0.00001` for `1e-05`, as Python prints small and large floats."""
    return _WITH_EXPONENT.sub(lambda number: f"{Decimal(number[0]):f}", text)


def in_digits(value: Decimal) -> str:
    """Returns a number without exponent and without trailing zeros of its decimals."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if value else "0"


def standing_alone(number: str) -> re.Pattern[str]:
    """Returns a pattern for `number` where it is no part of a word, price or longer number."""
    return re.compile(rf"(?<![\w.,$]){re.escape(number)}(?![\w%]|[.,]\d)")


def about_percent(text: str) -> bool:
    """Tells whether a text, such as a question, speaks of a percentage."""
    return _ABOUT_PERCENT.search(text) is not None


def is_number_word(word: str) -> bool:
    """Tells whether `word`, in lower case, is a cardinal number or a part of one."""
    return word in CARDINALS or word in SCALES


def _blanked(
    text: str,
    pattern: re.Pattern[str],
    read: Callable[[re.Match[str]], Mention | None],
    found: list[Mention],
) -> str:
    """Returns `text` with blanks for the mentions of a pattern, which it appends to `found`."""

    def blank(match: re.Match[str]) -> str:
        mention = read(match)
        if mention is None:
            return match[0]
        found.append(mention)
        return "\0" * len(match[0])

    return pattern.sub(blank, text)


def _fraction(match: re.Match[str]) -> Mention | None:
    """Returns a fraction or mixed number, or None for `12/4`, which is a division."""
    counted = next((group for group in ("top", "one", "some") if match[group]), None)
    top = int(_cardinal(match[counted])) if counted else 1
    bottom = DENOMINATORS[match["part"]] if match["part"] else int(match["bottom"])
    if match["top"] and not 0 < top < bottom:
        return None
    readings = [{_quotient(top, bottom)}]
    if counted:
        readings.append({Decimal(top), Decimal(bottom)})
    if counted and (match["part"] or bottom in _EXCUSED):
        readings.append({Decimal(top)})  # the parts are what is counted: three quarters of a match
    if match["top"] and top in _EXCUSED:
        readings.append({Decimal(bottom)})
    if match["whole"]:
        whole = _cardinal(match["whole"])
        value = _quotient(int(whole) * bottom + top, bottom)
        readings = [{value}, *({whole, *reading} for reading in readings)]
    if match["sign"]:
        readings[0] = {-value for value in readings[0]}
    parts = [_part(match, g) for g in ("whole", "top", "bottom", "one", "some") if match[g]]
    operation = top == 1 and (match["part"] is not None or bottom == 2)
    return _scaled(match, readings, parts, excused=operation and not match["whole"])


def _count(match: re.Match[str]) -> Mention:
    """Returns a number in digits or a cardinal in words, with the percent or scale after it."""
    if match["words"]:
        value = _cardinal(match["words"])
    else:
        value = Decimal(1) if match["article"] else _in_digits(match)
    readings = [{value}]
    if match["percent"]:
        readings.append({value.scaleb(-2)})
    if match["grouped"]:
        first, *middle, last = match["grouped"].split(",")
        sign = "-" if match["sign"] else ""
        last += (match["cents"] or "") + (match["exponent"] or "")
        readings.append({Decimal(part) for part in (sign + first, *middle, last)})
    if match["article"]:
        return _mention(match.span(), [{value * SCALES[match["scale"]]}])
    parts: list[Mention] = []
    if match["cent"]:  # of a dollar
        readings.append({value.scaleb(-2)})
        parts = [_mention(match.span("number"), [reading]) for reading in readings]
    return _scaled(match, readings, parts, excused=len(readings) == 1 and value in _EXCUSED)


def _unit(match: re.Match[str]) -> Mention:
    """Returns a scale without a number: `the dozen`, `a few hundred`."""
    return _mention(match.span(), [{Decimal(SCALES[match[0]])}], excused=True)


def _scaled(
    match: re.Match[str], readings: list[set[Decimal]], parts: list[Mention], *, excused: bool
) -> Mention:
    """Returns the number of a match, multiplied by the scale after it if there is one."""
    if not match["scale"]:
        percent = bool(match.groupdict().get("percent"))
        return _mention(match.span(), readings, parts, percent=percent, excused=excused)
    number = _mention(match.span("number"), readings, parts)
    scale = _mention(match.span("scale"), [{Decimal(SCALES[match["scale"]])}])
    readings = [{number.value * scale.value}, {number.value}, {number.value, scale.value}]
    return _mention(match.span(), readings, [number, *parts, scale])


def _part(match: re.Match[str], group: str) -> Mention:
    return _mention(match.span(group), [{_cardinal(match[group])}])


def _mention(
    span: tuple[int, int],
    readings: Iterable[set[Decimal]],
    parts: Iterable[Mention] = (),
    *,
    percent: bool = False,
    excused: bool = False,
) -> Mention:
    return Mention(*span, tuple(map(frozenset, readings)), tuple(parts), percent, excused)


def _in_digits(match: re.Match[str]) -> Decimal:
    digits = match["plain"] or match["grouped"].replace(",", "") + (match["cents"] or "")
    return Decimal(f"{'-' if match['sign'] else ''}{digits}{match['exponent'] or ''}")


def _cardinal(text: str) -> Decimal:
    """Returns a whole number in digits or words: `12`, `two thousand five hundred and ten`."""
    if text.isdigit():
        return Decimal(text)
    total, below_1000 = 0, 0
    for word in re.split(r"[^a-z]+", text):
        value = SCALES.get(word, 0)
        if value > 100:
            total, below_1000 = total + (below_1000 or 1) * value, 0
        elif value:
            below_1000 = (below_1000 or 1) * value
        else:
            below_1000 += CARDINALS.get(word, 0)
    return Decimal(total + below_1000)


def _quotient(top: int, bottom: int) -> Decimal:
    """Returns a fraction as a program's input holds it: 1/3 is the float next to it."""
    return Decimal(repr(top / bottom)) if top % bottom else Decimal(top // bottom)
