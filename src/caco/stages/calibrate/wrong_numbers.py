r"""Wrong answers made from a number: another number, or text that changes what it says.

Where a question allows what a kind adds (a percentage, a scale, a bound), the kind does not apply.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from random import Random

from caco.stages.calibrate.stated import Form, Known, in_words, scientific
from caco.text.numbers import in_digits, numerals

_BOUNDS = r"\b(?:least|most|max|min|bound|inequal|range|between|more than|less than)"
_UNITS = (
    ("inches", "feet", "yards", "miles", "meters", "kilometers"),
    ("seconds", "minutes", "hours", "days", "weeks"),
    ("grams", "kilograms", "pounds"),
)
_ASKED = re.compile(rf"\bhow many ({'|'.join(unit for u in _UNITS for unit in u)})\b", re.I)
_RATIOS = r"\bratio|\bodds|\bclock|\btime\b|\bdate|:\s?\d|\d\s?:"


def _form(template: str, unless: str = "", *, whole: bool = False, above: int = 0) -> Form:
    """Returns a kind for numbers greater than `above`: a template in which `{}` is the number.

    Args:
        template: The answer.
        unless: Pattern of the questions to which the kind does not apply.
        whole: Whether the number must be an integer.
        above: The number below the smallest one.
    """

    def form(known: Known, _: Random) -> str | None:
        if known.value <= above or (whole and known.whole is None):
            return None
        if unless and known.mentions(unless):
            return None
        return template.replace("{}", known.text)

    return form


def _numeric(change: Callable[[Decimal, Random], Decimal | None]) -> Form:
    """Returns a kind that is another number in digits."""

    def form(known: Known, rng: Random) -> str | None:
        changed = change(known.value, rng)
        return None if changed is None or changed == known.value else in_digits(changed)

    return form


def _second(template: str) -> Form:
    """Returns a kind that has another value beside the right one."""

    def form(known: Known, rng: Random) -> str | None:
        if known.value < 0:
            return None
        other = in_digits(known.value + rng.randint(1, 4))
        return template.replace("{}", known.text).replace("[]", other)

    return form


def _percent(template: str, over: int = 1) -> Form:
    def form(known: Known, _: Random) -> str | None:
        if not known.value or known.about_percent:
            return None
        return template.replace("{}", in_digits(known.value / over))

    return form


def _nearly(value: Decimal, _: Random) -> Decimal | None:
    # Wrong in the fifth digit: off by 5e-5 of the answer, to six decimals.
    return value + (value * Decimal("5e-5")).quantize(Decimal("1e-6"))


def _digit_changed(known: Known, rng: Random) -> str | None:
    text = known.text
    at = rng.choice([i for i, c in enumerate(text) if c.isdigit()])
    return text[:at] + rng.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]


def _digits_swapped(known: Known, rng: Random) -> str | None:
    swaps = list(_swaps(known.text))
    return rng.choice(swaps) if swaps else None


def _swaps(answer: str) -> Iterator[str]:
    """Yields the number with two neighbouring digits swapped."""
    for at in range(len(answer) - 1):
        a, b = answer[at], answer[at + 1]
        swapped = answer[:at] + b + a + answer[at + 2 :]
        if a.isdigit() and b.isdigit() and a != b and not re.match(r"-?0\d", swapped):
            yield swapped


def _digit_dropped(known: Known, rng: Random) -> str | None:
    if known.count < 10:
        return None
    at = rng.randrange(1, len(known.text))
    return known.text[:at] + known.text[at + 1 :]


def _intermediate(known: Known, rng: Random) -> str | None:
    steps = sorted(set(numerals(known.steps)) - {known.value, -known.value})
    return in_digits(rng.choice(steps)) if steps else None


def _other_word(known: Known, rng: Random) -> str | None:
    if known.whole is None or in_words(known.whole) is None:
        return None
    word = in_words(known.whole + 1) or in_words(known.whole - 1)
    return rf"\text{{{word}}}"


def _words_scaled(known: Known, _: Random) -> str | None:
    word = in_words(known.count)
    return None if not known.count or not word else rf"\text{{{word} thousand}}"


def _dozen(number: int, words: str) -> Form:
    """Returns a kind that is a number in words, for every other number."""

    def form(known: Known, _: Random) -> str | None:
        if known.value == number or known.mentions("dozen"):
            return None
        return rf"\text{{{words}}}"

    return form


def _dozens(known: Known, _: Random) -> str | None:
    """Returns the next larger number of dozens."""
    dozens = known.count // 12 + 1
    differs = known.count and dozens != known.value  # `1 dozen` has a 1
    return f"{dozens} dozen" if differs and not known.mentions("dozen") else None


def _raised_digits(known: Known, _: Random) -> str | None:
    text = known.text
    if known.count < 10 or int(text[:-1]) ** int(text[-1]) == known.count:
        return None
    return f"{text[:-1]}^{{{text[-1]}}}"


def _spaced_digits(known: Known, _: Random) -> str | None:
    return f"{known.text[:-1]} {known.text[-1]}" if known.count > 9 else None


def _scientific_exponent(known: Known, rng: Random) -> str | None:
    if known.value <= 0:
        return None
    coefficient, exponent = scientific(known.value)
    other = exponent + rng.choice((1, -1))
    return rf"{in_digits(coefficient)} \times 10^{{{other}}}"


def _scientific_coefficient(known: Known, _: Random) -> str | None:
    if known.value <= 0:
        return None
    coefficient, exponent = scientific(known.value)
    return rf"{in_digits(coefficient + Decimal('0.1'))} \times 10^{{{exponent}}}"


def _base(known: Known, _: Random) -> str | None:
    """Adds a base in which the same digits are another number."""
    bases = [b for b in (9, 8, 7, 5, 2) if all(int(d) < b for d in str(known.count))]
    return f"{known.count}_{bases[-1]}" if bases and known.count >= bases[-1] else None


def _less_than_words(known: Known, _: Random) -> str | None:
    if known.value <= 0:
        return None
    return rf"{known.text} \text{{ less than }} {in_digits(3 * known.value)}"


def _clock(known: Known, _: Random) -> str | None:
    return f"{known.count}:30" if 0 < known.count < 24 and not known.mentions(_RATIOS) else None


def _date(template: str) -> Form:
    def form(known: Known, _: Random) -> str | None:
        if not 0 < known.count < 29 or known.mentions(_RATIOS):
            return None
        return template.format(known.count)

    return form


def _other_unit(known: Known, rng: Random) -> str | None:
    """Returns the number in another unit of the dimension that the question asks for."""
    asked = _asked_unit(known)
    if asked is None or known.value <= 0:
        return None
    others = [unit for units in _UNITS if asked in units for unit in units if unit != asked]
    # Not in a unit that the question names: 2 hours may be the answer to "how many minutes".
    others = [unit for unit in others if not known.mentions(unit[:-1])]
    return f"{known.text} {rng.choice(others)}" if others else None


def _other_dimension(known: Known, rng: Random) -> str | None:
    asked = _asked_unit(known)
    if asked is None or known.value <= 0:
        return None
    others = [unit for units in _UNITS if asked not in units for unit in units]
    return f"{known.text} {rng.choice(others)}"


def _inch_mark(known: Known, _: Random) -> str | None:
    asked = _asked_unit(known)
    length = asked in _UNITS[0] and asked != "inches"
    return f'{known.text}"' if length and known.value > 0 else None


def _asked_unit(known: Known) -> str | None:
    """Returns the unit in which the question asks for the answer."""
    found = {match[1].lower() for match in _ASKED.finditer(known.question)}
    return found.pop() if len(found) == 1 else None


def _other_currency(known: Known, _: Random) -> str | None:
    dollars = "$" in known.question and known.mentions(r"\bhow much\b")
    return f"€{known.text}" if dollars and known.value > 0 and "€" not in known.question else None


def _decimal_comma(known: Known, _: Random) -> str | None:
    return f"{known.count:,}".replace(",", ".") if known.count >= 1000 else None


def _comma_inside(known: Known, _: Random) -> str | None:
    return f"{known.text[:-1]},{known.text[-1]}" if known.count > 9 else None


def _unequal_sides(known: Known, rng: Random) -> str | None:
    return f"{in_digits(known.value + rng.randint(1, 4))} = {known.text}"


WRONG_NUMBERS: Mapping[str, Form] = {
    "off_by_one": _numeric(lambda value, rng: value + rng.choice((1, -1))),
    "sign": _numeric(lambda value, _: -value),
    "digit_changed": _digit_changed,
    "digits_swapped": _digits_swapped,
    "digit_dropped": _digit_dropped,
    "digit_repeated": lambda known, _: known.text + known.text[-1] if known.count else None,
    "decimal_shift": _numeric(lambda value, rng: rng.choice((value * 10, value / 10))),
    "times_100": _numeric(lambda value, _: value * 100),
    "over_100": _numeric(lambda value, _: value / 100),
    "nearly": _numeric(_nearly),
    "intermediate": _intermediate,
    "other_word": _other_word,
    "reciprocal": _form(r"\frac{1}{{}}", whole=True, above=1),
    "denominator": _form(r"\frac{{}}{5}"),
    "mixed_number": _form(r"{}\frac{1}{2}", whole=True),
    "exponent": _form("{}^{2}", above=1),
    "scientific_exponent": _scientific_exponent,
    "scientific_coefficient": _scientific_coefficient,
    "root": _form(r"\sqrt{{}}", above=1),
    "root_factor": _form(r"{}\sqrt{2}"),
    "pi_factor": _form(r"{}\pi"),
    "variable_factor": _form("{}x"),
    "imaginary": _form("{}i"),
    "base": _base,
    "base_in_words": _form(r"{}\text{ in octal}", "octal", whole=True, above=7),
    "index": _form("x_{{}}", whole=True),
    "raised_digits": _raised_digits,
    "spaced_digits": _spaced_digits,
    "percent": _percent(r"{}\%"),
    "percent_word": _percent("{} percent"),
    "decimal_percent": _percent(r"{}\%", over=100),
    "hundred": _form(r"{}\text{ hundred}", "hundred"),
    "thousand": _form(r"{}\text{ thousand}", "thousand"),
    "million": _form("{} million", "million"),
    "dozen": _form("{} dozen", "dozen"),
    "a_dozen": _dozen(12, "a dozen"),
    "half_dozen": _dozen(6, "half a dozen"),
    "dozens": _dozens,
    "letter_k": _form("{}k", r"\dk\b|thousand"),
    "letter_m": _form("{}M", r"\dm\b|million"),
    "words_scaled": _words_scaled,
    "hundredths": _form(r"{}\text{ hundredths}", "hundredth"),
    "thousandths": _form("{} thousandths", "thousandth"),
    "basis_points": _form("{} basis points", "basis"),
    "squared": _form(r"{}\text{ squared}", above=1),
    "doubled": _form("{} doubled", "double"),
    "pairs": _form("{} pairs", r"\bpair"),
    "score": _form("{} score", r"\bscor"),
    "gross": _form("{} gross", "gross"),
    "lakh": _form("{} lakh", "lakh"),
    "other_unit": _other_unit,
    "other_dimension": _other_dimension,
    "inch_mark": _inch_mark,
    "other_currency": _other_currency,
    "compound_length": _form(r"{} \text{ feet } 6 \text{ inches}", whole=True),
    "compound_time": _form("{} hours 30 minutes", whole=True),
    "remainder": _form(r"{} \text{ remainder } 3", whole=True),
    "remainder_letter": _form("{} R 3", whole=True),
    "left_over": _form(r"{} \text{ boxes with } 3 \text{ left over}", whole=True),
    "plus_words": _form(r"{} \text{ plus } 3"),
    "less_than_words": _less_than_words,
    "ratio": _form("{}:5", _RATIOS, whole=True),
    "ratio_to_one": _form("{}:1", _RATIOS, whole=True),
    "clock": _clock,
    "date_dashes": _date("2024-01-{:02d}"),
    "date_slashes": _date("{}/1/2024"),
    "decimal_comma": _decimal_comma,
    "grouped_thousand": _form("{},000", whole=True),
    "comma_inside": _comma_inside,
    "comma_after": _form("{},5", whole=True),
    "not_equal": _form(r"\neq {}"),
    "named_not_equal": _form(r"x \neq {}"),
    "inequality": _form(r"\leq {}", _BOUNDS),
    "greater_or_equal": _form(r"\geq {}", _BOUNDS),
    "greater": _form("x > {}", _BOUNDS),
    "less": _form("x < {}", _BOUNDS),
    "equation": _form("x + 3 = {}"),
    "equation_with_factor": _form("2x = {}"),
    "unequal_sides": _unequal_sides,
    "second_value": _second("{}, []"),
    "second_or": _second(r"{} \text{ or } []"),
    "second_and": _second(r"{} \text{ and } []"),
    "second_semicolon": _second("{}; []"),
    "repeated_value": _form("{}, {}"),
    "range_words": _second(r"{} \text{ to } []"),
    "range_dash": _second("{}\N{EN DASH}[]"),
    "between": _second(r"\text{between } {} \text{ and } []"),
    "tolerance": _form(r"{} \pm 1"),
    "plus_minus": _form(r"\pm {}"),
    "pair": _second("({}, [])"),
    "list_of_two": _second("[{}, []]"),
    "set_of_two": _second(r"\{{}, []\}"),
    "choice_letter": lambda *_: r"\text{(C)}",
    "no_answer_text": lambda *_: r"\text{cannot be determined}",
    "infinity": lambda *_: r"\infty",
}
