"""Quantities: a number or an expression with what precedes and follows it.

What follows a number is a percent sign, a scale, a unit, an ordinal ending, a modulus or a noun
phrase. Anything else is not read, because it may change the number.
"""

import re
from dataclasses import replace
from fractions import Fraction

from caco.answers.expressions import Expressions, juxtaposed
from caco.answers.model import Expr, Num, Op, Quantity
from caco.answers.notation import NotReadable, Token
from caco.answers.numeric import symbols as variables_of
from caco.answers.units import CURRENCIES, DEGREE, ONE, PER_CENT, TEMPERATURES, Unit, unit
from caco.text.numbers import SCALES, is_number_word, mentions

Names = frozenset[str] | None
PAIR = "pair"
"""A scale word that is also what is counted: `12 pairs`."""
_LETTER_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "bn": 10**9, "mn": 10**6}
# Words that may stand before the number: "the answer is", "she makes". Others may negate or bound
# it: "at least 8", "a loss of 5".
_SUBJECTS = frozenset((
    "it", "he", "she", "they", "we", "i", "you", "this", "that", "there", "the", "a", "an",
    "answer", "answers", "total", "result", "value", "final", "sum", "so", "thus",
    "therefore", "hence",
))  # fmt: skip
_VERBS = frozenset((
    "is", "are", "was", "were", "be", "has", "have", "had", "makes", "make", "made", "gets",
    "get", "earns", "earn", "needs", "need", "pays", "pay", "paid", "spends", "spend", "costs",
    "cost", "takes", "take", "sells", "sold", "bought", "burns", "equals", "equal",
    "approximately", "about", "roughly", "around", "exactly", "just", "only", "simply", "total",
))  # fmt: skip
# Words that make a noun phrase after a number something else than a noun phrase.
_CHANGING = frozenset((
    "or", "and", "to", "not", "than", "except", "but", "remainder", "rem", "mod", "modulo",
    "plus", "minus", "over", "divided", "by", "squared", "cubed", "half", "halves", "quarter",
    "quarters", "third", "thirds", "fourth", "fourths", "fifth", "fifths", "sixth", "sixths",
    "eighth", "eighths", "tenth", "tenths", "hundredth", "hundredths", "negative", "below",
    "under", "loss", "debt", "short", "point", "power", "base", "factorial", "root", "less",
    "fewer", "at", "most", "least", "between", "through", "until", "above", "ago", "bc", "pi",
    "infinity", "undefined", "percent", "pct", "percentage", "r", "vs", "versus", "versa",
    "if", "when", "unless", "however", "false", "true", "doubled", "tripled", "halved",
    "twice", "thrice", "fold", "thousandths", "millionths", "basis", "mil", "mio", "grand",
    "gross", "score", "scores", "lakh", "lakhs", "crore", "crores", "mille", "binary", "octal",
    "hexadecimal", "hex", "too",
))  # fmt: skip
_NOUN = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?|a|A")
_MAX_NOUNS = 8


def read_quantity(symbols: list[Token], names: Names) -> Quantity:
    """Returns a number or expression with what surrounds it.

    Raises:
        NotReadable: The tokens are not read to their end.
    """
    start = _after_words(symbols)
    sign, start, currency = _currency(symbols, start)
    reader = Expressions(symbols, start, names)
    expr: Expr = reader.sum()
    if sign:
        expr = Op("neg", (expr,))
    quantity = Quantity(expr, unit=currency, base=reader.base)
    return _suffixes(quantity, reader.rest, names)


def _after_words(symbols: list[Token]) -> int:
    r"""Returns the position after an introduction such as `she makes` or `\approx`."""
    at = 0
    while (
        at < len(symbols)
        and symbols[at].kind == "word"
        and (len(symbols[at].text) > 1 or symbols[at].text == "I")
    ):
        at += 1
    if at == len(symbols):
        at = 0
    for index, token in enumerate(symbols[:at]):
        word = token.text.lower()
        named = token.text[0].isupper() and index == 0 and word not in _CHANGING and at > 1
        if word not in _SUBJECTS and word not in _VERBS and not named:
            return 0
    while at < len(symbols) and symbols[at].text in (r"\approx", "=", ":"):
        at += 1
    return at


def _currency(symbols: list[Token], at: int) -> tuple[bool, int, Unit | None]:
    """Returns whether a minus precedes a currency sign, the position after it, and its unit."""
    negative = (
        at + 1 < len(symbols) and symbols[at].text == "-" and symbols[at + 1].text in CURRENCIES
    )
    start = at + 1 if negative else at
    if start < len(symbols):
        text = symbols[start].text
        if text in ("US", "USD") and start + 1 < len(symbols):
            text, start = "$", start + (1 if symbols[start + 1].text in CURRENCIES else 0)
        if text in CURRENCIES:
            return negative, start + 1, CURRENCIES[text]
        if text.lower() == "rs" and start + 1 < len(symbols):
            dot = symbols[start + 1].text == "."
            return negative, start + 1 + dot, unit("rs")
    return False, at, None


def _suffixes(quantity: Quantity, rest: list[Token], names: Names) -> Quantity:
    """Returns a quantity with all that follows its expression.

    Raises:
        NotReadable: Something follows that is no percent sign, scale, unit or noun phrase.
    """
    # The closing dollar sign of an amount that was written `\$5$`.
    rest = [token for token in rest if token.text != "$"]
    if (rest and rest[0].text in ("%", r"\%")) or (rest and rest[0].text.lower() in PER_CENT):
        quantity, rest = replace(quantity, percent=True), rest[1:]
    elif [token.text.lower() for token in rest[:2]] in (["per", "cent"], ["percentage", "points"]):
        quantity, rest = replace(quantity, percent=True), rest[2:]
    scale = _scale(rest[0], letters=names is not None) if rest else None
    if scale:
        factor = Num(Fraction(scale))
        quantity = replace(
            quantity,
            expr=Op("mul", (quantity.expr, factor)),
            scaled=rest[0].text.lower().rstrip("s"),
        )
        rest = rest[1:]
    if not rest or _is_ordinal(rest) or _is_modulus(rest):
        return quantity
    measured = _measured(quantity, rest, names)
    if measured is not None:
        return measured
    if not set(variables_of(quantity.expr)) and _is_noun_phrase(
        rest, bool(quantity.scaled) or quantity.percent
    ):
        return quantity
    shown = " ".join(token.text for token in rest)
    raise NotReadable(f"{shown[:40]!r} after its value is no unit and no noun")


def _scale(token: Token, *, letters: bool) -> int | None:
    if letters and token.text in _LETTER_SCALES:
        return _LETTER_SCALES[token.text]
    scales = {**SCALES, PAIR: 2}
    return scales.get(token.text.lower().rstrip("s")) if token.kind == "word" else None


def _is_modulus(rest: list[Token]) -> bool:
    kinds = ("number", "command", "sign")
    return rest[0].text in (r"\mod", r"\pmod", r"\bmod") and all(t.kind in kinds for t in rest[1:])


def _is_ordinal(rest: list[Token]) -> bool:
    marks = [token.text for token in rest if token.text not in ("^", "{", "}")]
    return marks in (["th"], ["st"], ["nd"], ["rd"])


def _measured(quantity: Quantity, rest: list[Token], names: Names) -> Quantity | None:
    """Returns a quantity in the unit that follows it, alone or as `3 hours 30 minutes`, or None."""
    found, at = _unit(rest, 0)
    if rest[0].text in CURRENCIES:
        found, at = CURRENCIES[rest[0].text], 1
    if found is None:
        return None
    if quantity.unit is not None and quantity.unit.dimension != found.dimension:
        raise NotReadable("it has two units")
    words = [token for token in rest[:at] if token.kind == "word"]
    letters = all(len(token.text) == 1 and not token.spoken for token in words)
    measured = replace(
        quantity, unit=found, letters="".join(t.text for t in words) if letters else ""
    )
    if at == len(rest):
        return measured
    remaining = rest[at:]
    if remaining[0].kind == "number":
        following = read_quantity(remaining, names)
        return juxtaposed([measured, following])
    return measured if _is_noun_phrase(remaining, unit_before=True) else None


def _unit(rest: list[Token], at: int) -> tuple[Unit | None, int]:
    r"""Returns the unit at a position and the position after it: `m/s`, `square feet`, `^\circ`."""
    if [t.text for t in rest[at : at + 2]] == ["^", r"\circ"]:
        return _temperature(rest, at + 2)
    if [t.text for t in rest[at : at + 4]] == ["^", "{", r"\circ", "}"]:
        return _temperature(rest, at + 4)
    if [t.text for t in rest[at : at + 1]] == [r"\circ"]:
        return _temperature(rest, at + 1)
    if at < len(rest) and rest[at].text == r"\frac":
        return _unit_fraction(rest, at)
    found: Unit | None = None
    power = 1
    while at < len(rest):
        word = rest[at].text
        if word.lower() in ("square", "sq", "cubic", "cu") and at + 1 < len(rest):
            if unit(rest[at + 1].text) is None:
                break
            exponent = 2 if word.lower() in ("square", "sq") else 3
            part, at = unit(rest[at + 1].text), at + 2
        else:
            part = unit(word) if rest[at].kind == "word" else None
            if word == "in" and at + 1 < len(rest) and rest[at + 1].kind == "word":
                part = None  # 12 in total
            if part is None:
                break
            at += 1
            exponent, at = _exponent(rest, at)
        assert part is not None
        found = (found or ONE).times(part, power * exponent)
        if (
            at + 1 < len(rest)
            and rest[at].text.lower() in ("/", "per")
            and (unit(rest[at + 1].text) is not None)
        ):
            power, at = -1, at + 1
        elif at < len(rest) and rest[at].text in (r"\cdot", "*") and at + 1 < len(rest):
            power, at = 1, at + 1
        else:
            break
    return found, at


def _temperature(rest: list[Token], at: int) -> tuple[Unit, int]:
    if at < len(rest) and rest[at].text in TEMPERATURES:
        return TEMPERATURES[rest[at].text], at + 1
    if at < len(rest) and (named := unit(rest[at].text)) in TEMPERATURES.values():
        assert named is not None
        return named, at + 1
    return DEGREE, at


def _exponent(rest: list[Token], at: int) -> tuple[int, int]:
    if at + 1 < len(rest) and rest[at].text == "^":
        marks = [token.text for token in rest[at + 1 : at + 5]]
        if marks[0].isdigit() and len(marks[0]) == 1:
            return int(marks[0]), at + 2
        if marks[0] == "{" and marks[2:3] == ["}"] and marks[1].isdigit():
            return int(marks[1]), at + 4
        if marks[0] == "{" and marks[1:2] == ["-"] and marks[3:4] == ["}"] and marks[2].isdigit():
            return -int(marks[2]), at + 5
    return 1, at


def _unit_fraction(rest: list[Token], at: int) -> tuple[Unit | None, int]:
    marks = [token.text for token in rest[at : at + 7]]
    if len(marks) == 7 and (marks[1], marks[3], marks[4], marks[6]) == ("{", "}", "{", "}"):
        top, bottom = unit(marks[2]), unit(marks[5])
        if top is not None and bottom is not None:
            return top.times(bottom, -1), at + 7
    return None, at


def _is_noun_phrase(rest: list[Token], unit_before: bool = False) -> bool:
    """Tells whether words after a number name what is counted, without changing the number."""
    if len(rest) > _MAX_NOUNS:
        return False
    for index, token in enumerate(rest):
        if token.text == "/" and 0 < index < len(rest) - 1:
            continue
        if token.kind != "word" or not _NOUN.fullmatch(token.text):
            return False
        word = token.text.lower()
        if word in _CHANGING or is_number_word(word) or _scale(token, letters=True):
            return False
    first = rest[0]
    # Letters that touch the number are a product: 12ab.
    return first.spaced or first.spoken or unit_before


def in_words(text: str) -> Quantity | None:
    """Returns the number that a text is in words: `forty-two`, `a dozen`, `twelve legs`."""
    text = text.lower().removeprefix("a ")
    found = mentions(text) if not any(c.isdigit() for c in text) else []
    if len(found) != 1 or found[0].start or found[0].percent:
        return None
    nouns = text[found[0].end :].split()
    if len(nouns) > _MAX_NOUNS or any(n in _CHANGING or not _NOUN.fullmatch(n) for n in nouns):
        return None
    return Quantity(Num(Fraction(found[0].value)))
