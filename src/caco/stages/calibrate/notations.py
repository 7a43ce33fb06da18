"""The right answer, a number, in other notations."""

import re
from collections.abc import Callable, Mapping
from random import Random

from caco.stages.calibrate.stated import Form, Known, in_words, scientific
from caco.text.numbers import in_digits

_COUNTED = re.compile(r"\bhow many (?:more |total |different )?([a-z]+s)\b", re.IGNORECASE)
# Words after "how many" that are no things that an answer counts.
_NOT_COUNTED = frozenset({"times", "others", "less", "was", "is", "does", "has"})
_MONEY = re.compile(r"\bhow much\b[^.?]*\b(?:money|cost|pay|earn|spend|spent|dollars)\b", re.I)


def _form(template: str) -> Form:
    return lambda known, _: template.replace("{}", known.text)


def _whole(form: Callable[[int], str | None]) -> Form:
    """Returns a notation of integers."""
    return lambda known, _: None if known.whole is None else form(known.whole)


def _thousands(separator: str) -> Form:
    return _whole(lambda n: f"{n:,}".replace(",", separator) if abs(n) > 999 else None)


def _fraction_of_decimal(known: Known, _: Random) -> str | None:
    top, bottom = known.value.as_integer_ratio()
    return rf"\frac{{{top}}}{{{bottom}}}" if bottom > 1 and top > 0 else None


def _mixed_of_decimal(known: Known, _: Random) -> str | None:
    top, bottom = known.value.as_integer_ratio()
    if bottom == 1 or top < bottom:
        return None
    return rf"{top // bottom}\frac{{{top % bottom}}}{{{bottom}}}"


def _scientific(known: Known, _: Random) -> str | None:
    if known.value <= 0:
        return None
    coefficient, exponent = scientific(known.value)
    return rf"{in_digits(coefficient)} \times 10^{{{exponent}}}"


def _noun(known: Known) -> str | None:
    """Returns what the question asks to count, if that is clear."""
    nouns = [noun.lower() for noun in _COUNTED.findall(known.question)]
    counted = len(nouns) == 1 and nouns[0] not in _NOT_COUNTED and known.whole is not None
    return nouns[0] if counted else None


def _counted(template: str) -> Form:
    def form(known: Known, _: Random) -> str | None:
        noun = _noun(known)
        return template.format(known.text, noun) if noun else None

    return form


def _word_counted(known: Known, _: Random) -> str | None:
    noun, word = _noun(known), in_words(known.count)
    return f"{word} {noun}" if noun and word else None


def _money(template: str) -> Form:
    def form(known: Known, _: Random) -> str | None:
        about = _MONEY.search(known.question) and "$" in known.question
        if not about or known.mentions("cents") or known.value < 0:
            return None
        return template.format(known.text)

    return form


def _percent(template: str) -> Form:
    def form(known: Known, _: Random) -> str | None:
        asked = known.mentions(r"\b(?:what|which) percent(?:age)?\b")
        return template.format(known.text) if asked and abs(known.value) >= 1 else None

    return form


def _word(template: str) -> Form:
    return _whole(lambda n: template.format(word) if (word := in_words(n)) else None)


def _ordinal(template: str) -> Form:
    def form(known: Known, _: Random) -> str | None:
        if not known.count:
            return None
        last = known.count % 10 if known.count // 10 % 10 != 1 else 0
        return template.format(known.count, {1: "st", 2: "nd", 3: "rd"}.get(last, "th"))

    return form


NOTATIONS: Mapping[str, Form] = {
    "thousands_comma": _thousands(","),
    "thousands_latex": _thousands("{,}"),
    "thousands_thin": _thousands(r"\,"),
    "thousands_spaced": _thousands(" "),
    "trailing_zero": _whole("{}.0".format),
    "trailing_zeros": _whole("{}.00".format),
    "fraction": lambda known, _: rf"\frac{{{in_digits(2 * known.value)}}}{{2}}",
    "dfrac": _whole(lambda n: rf"\dfrac{{{3 * n}}}{{3}}"),
    "slash": _whole(lambda n: f"{2 * n}/2"),
    "fraction_of_decimal": _fraction_of_decimal,
    "mixed_of_decimal": _mixed_of_decimal,
    "scientific": _scientific,
    "plus_sign": _whole(lambda n: f"+{n}" if n > 0 else None),
    "named": _form("x = {}"),
    "counted": _counted("{} {}"),
    "counted_in_text": _counted(r"{}\text{{ {}}}"),
    "in_all": _form(r"{}\text{ in all}"),
    "currency_sign": _money(r"\${}"),
    "currency_word": _money("{} dollars"),
    "currency_in_total": _money(r"\${} in total"),
    "percent_asked": _percent(r"{}\%"),
    "percent_word_asked": _percent("{} percent"),
    "singleton": _form("[{}]"),
    "braces": _form("{{}}"),
    "number_word": _word("{}"),
    "number_word_in_text": _word(r"\text{{{}}}"),
    "number_word_counted": _word_counted,
    "ordinal": _ordinal("{}{}"),
    "ordinal_raised": _ordinal(r"{}^{{\text{{{}}}}}"),
    "dollar_signs": _form("${}$"),
    "round_delimiters": _form(r"\({}\)"),
    "displaystyle": _form(r"\displaystyle {}"),
    "in_text": _form(r"\text{{}}"),
    "in_bold": _form(r"\mathbf{{}}"),
    "full_stop": _form("{}."),
    "sum": _whole(lambda n: f"{n - 1} + 1"),
    "equation_chain": _whole(lambda n: f"{n - 1} + 1 = {n}"),
    "introduced": _form(r"\text{The answer is } {}"),
}
