r"""Wrong answers made from known answers: each kind changes one thing.

A function returns None where its change does not apply, or would not surely give another answer.
Changes of digits, signs and letters are checked with `latex_values.same_value`.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

from golds import Members, Problem
from latex_values import number, same_value

Change = Callable[[Problem, Random], str | None]

_VARIABLE = re.compile(r"(?<![\\A-Za-z])[a-df-hj-z](?![A-Za-z])")
_NAMED = re.compile(r"([A-Za-z](?:\([a-z]\))?\s*=\s*)(.+)", re.DOTALL)
_EXPONENT = re.compile(r"\^(?:\{(\d+)\}|(\d))")
_COEFFICIENT = re.compile(r"(?<![\d.^_{/])(\d+)(?=\s?(?:[a-df-hj-z](?![A-Za-z])|\\sqrt|\\pi))")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
# A constant of integration may be replaced by its multiple.
_FREE = re.compile(r"(?<![\\A-Za-z])(?:[cCkK]|[cCA]_\{?\d\}?)(?![A-Za-z])|\\(?:in|mid|pm|sum|int)")
_CHOICE = re.compile(r"(?:\\(?:text|mathrm|textbf)\{)?\(?([A-Ea-e])\)?\}?")
_INEQUALITY = re.compile(r"<|>|\\(?:[lg]eq?|[lg]eqslant|lt|gt)(?![A-Za-z])")
_RELATIONS = {
    "<": "<", ">": ">", r"\lt": "<", r"\gt": ">",
    r"\le": r"\le", r"\leq": r"\le", r"\ge": r"\ge", r"\geq": r"\ge",
}  # fmt: skip
_OTHER_RELATIONS = {
    "<": (r"\le", ">", r"\ge"),
    ">": (r"\ge", "<", r"\le"),
    r"\le": ("<", r"\ge", r"\neq"),
    r"\ge": (">", r"\le", r"\neq"),
}
_UNIT_GROUPS = (
    ("millimeters", "centimeters", "meters", "kilometers"),
    ("inches", "feet", "yards", "miles"),
    ("seconds", "minutes", "hours", "days", "weeks"),
    ("grams", "kilograms"),
    ("ounces", "pounds"),
    ("cents", "dollars"),
    ("cm", "mm", "km"),
)
_GROUP_OF = {unit: group for group in _UNIT_GROUPS for unit in group}
_UNIT = re.compile(rf"(?<![A-Za-z])({'|'.join(sorted(_GROUP_OF, key=len, reverse=True))})(?![a-z])")
_ASKED_UNIT = re.compile(
    rf"\b(?:how many|in) ({'|'.join(sorted(_GROUP_OF, key=len, reverse=True))})(?![a-z ]*\d)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"-?\d+")
_BASES = (8, 7, 9, 5, 16)


def asked_unit(question: str) -> str | None:
    """Returns the unit in which a question asks for its answer, if it names one."""
    found = _ASKED_UNIT.findall(question)
    return found[-1].lower() if len(set(found)) == 1 else None


def _of_number(change: Callable[[str, Fraction, Random], str | None]) -> Change:
    """Returns a change of answers that are numbers other than 0; the result is another number."""

    def changed(problem: Problem, rng: Random) -> str | None:
        known = number(problem.gold)
        if not known:
            return None
        wrong = change(problem.gold, known, rng)
        found = None if wrong is None else number(wrong)
        # A decimal may be rounded.
        margin = abs(known) / 1000 if "." in problem.gold else 0
        return None if found is not None and abs(found - known) <= margin else wrong

    return changed


def _of_expression(change: Callable[[str, Random], str | None]) -> Change:
    """Returns a change of answers with letters or roots; the result has another value."""

    def changed(problem: Problem, rng: Random) -> str | None:
        gold = problem.gold
        if number(gold) is not None or _FREE.search(gold) or problem.members:
            return None
        if _WORD.search(gold) or gold.startswith("["):
            return None
        named = _NAMED.fullmatch(gold)
        name, expression = (named[1], named[2]) if named else ("", gold)
        wrong = change(expression, rng)
        return name + wrong if wrong and same_value(expression, wrong) is False else None

    return changed


def _other_digit(text: str, rng: Random) -> str | None:
    """Changes one digit: no leading zero, no subscript, none of a decimal's later digits."""
    late = {
        at
        for decimal in re.finditer(r"\d*\.0*(\d*)", text)
        for at in range(decimal.start(1) + 3, decimal.end())
    }
    places = [m.start() for m in re.finditer(r"(?<!_)(?<!_\{)\d", text) if m.start() not in late]
    if not places:
        return None
    at = rng.choice(places)
    digit = rng.choice([d for d in "123456789" if d != text[at]])
    return text[:at] + digit + text[at + 1 :]


def _swapped_digits(text: str, _: Fraction, rng: Random) -> str | None:
    places = [
        at
        for at in range(len(text) - 1)
        if text[at : at + 2].isdigit()
        and text[at] != text[at + 1]
        and not (text[at + 1] == "0" and not text[:at][-1:].isdigit())
    ]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _shifted(text: str, known: Fraction, rng: Random) -> str | None:
    text = text.replace(",", "")
    if _WHOLE.fullmatch(text):
        whole = text[:-1] if text[-2:-1].isdigit() else f"{text[:-1]}0"
        return rng.choice([f"{text}0", f"{whole}.{text[-1]}"])
    if "." not in text or "e" in text:
        return None
    whole, decimals = text.split(".")
    if known.denominator == 1:
        return f"{whole}0"
    return f"{whole}{decimals[0]}.{decimals[1:] or '0'}"


def _inverted(text: str, known: Fraction, _: Random) -> str | None:
    if known.denominator == 1 or known.numerator == 1:
        return None
    sign = "-" if known < 0 else ""
    top, bottom = abs(known.numerator), known.denominator
    form = r"\frac{{{}}}{{{}}}" if r"frac" in text else "{}/{}"
    return sign + form.format(bottom, top) if "/" in text or "frac" in text else None


def _negated(text: str, *_: object) -> str | None:
    return text[1:].strip() if text.startswith("-") else f"-{text}"


def _negated_expression(text: str, _: Random) -> str | None:
    return f"-({text})" if re.search(r".[-+]", text) else _negated(text)


def _exponent(text: str, rng: Random) -> str | None:
    found = list(_EXPONENT.finditer(text))
    if not found:
        return None
    at = rng.choice(found)
    power = int(at[1] or at[2]) + rng.choice([1, 2])
    return f"{text[: at.start()]}^{{{power}}}{text[at.end() :]}"


def _coefficient(text: str, rng: Random) -> str | None:
    found = list(_COEFFICIENT.finditer(text))
    if not found:
        return None
    at = rng.choice(found)
    return f"{text[: at.start()]}{int(at[1]) + rng.choice([1, 2, 3])}{text[at.end() :]}"


def _renamed(text: str, rng: Random) -> str | None:
    letters = sorted(set(_VARIABLE.findall(text)))
    unused = [c for c in "abmnpqrstuvxyz" if c not in text]
    if not letters or not unused:
        return None
    old, new = rng.choice(letters), rng.choice(unused)
    return re.sub(rf"(?<![\\A-Za-z]){old}(?![A-Za-z])", new, text)


def _dropped_term(text: str, _: Random) -> str | None:
    depth = 0
    for at in range(len(text) - 1, 0, -1):
        depth += {"}": 1, ")": 1, "]": 1, "{": -1, "(": -1, "[": -1}.get(text[at], 0)
        if depth == 0 and text[at] in "+-" and text[:at].strip(" +-^*/"):
            return text[:at].strip()
    return None


def _of_members(change: Callable[[Members, Random], str | None]) -> Change:
    """Returns a change of lists, tuples and sets, intervals excepted."""

    def changed(problem: Problem, rng: Random) -> str | None:
        if problem.members is None or problem.interval or _is_interval(problem.members):
            return None
        return None if r"\pm" in problem.gold else change(problem.members, rng)

    return changed


def _is_interval(found: Members) -> bool:
    mixed = (found.opening, found.closing) in (("[", ")"), ("(", "]"))
    return mixed or any(r"\infty" in member for member in found.members)


def _member_dropped(found: Members, rng: Random) -> str | None:
    kept = list(found.members)
    del kept[rng.randrange(len(kept))]
    return None if len(set(found.members)) < len(found.members) else found.written(kept)


def _member_changed(found: Members, rng: Random) -> str | None:
    changed = list(found.members)
    at = rng.randrange(len(changed))
    other = _other_digit(changed[at], rng)
    if other is None or same_value(other, changed[at]) is not False:
        return None
    changed[at] = other
    return found.written(changed)


def _member_added(found: Members, rng: Random) -> str | None:
    extra = str(rng.randrange(2, 90))
    if any(same_value(extra, member) is not False for member in found.members):
        return None
    return found.written([*found.members, extra])


def _members_swapped(found: Members, _: Random) -> str | None:
    first, second, *rest = found.members
    if found.opening != "(" or same_value(first, second) is not False:
        return None
    return found.written([second, first, *rest])


def _of_interval(change: Callable[[Members, Random], str | None]) -> Change:
    """Returns a change of intervals of two ends, unions excepted."""

    def changed(problem: Problem, rng: Random) -> str | None:
        found = problem.members
        if found is None or len(found.members) != 2 or found.opening not in ("(", "["):
            return None
        ends = found.closing in (")", "]") and "," not in "".join(found.members)
        return change(found, rng) if ends and (problem.interval or _is_interval(found)) else None

    return changed


def _bracket_changed(found: Members, rng: Random) -> str | None:
    finite = [r"\infty" not in end for end in found.members]
    opening, closing = found.opening, found.closing
    left = finite[0] and (not finite[1] or rng.random() < 0.5)
    if left:
        opening = "(" if opening == "[" else "["
    elif finite[1]:
        closing = ")" if closing == "]" else "]"
    else:
        return None
    return f"{opening}{', '.join(found.members)}{closing}"


def _ends_swapped(found: Members, _: Random) -> str | None:
    return found.written(found.members[::-1])


def _unit_changed(problem: Problem, rng: Random) -> str | None:
    if (match := _UNIT.search(problem.gold)) and not problem.is_prose:
        other = rng.choice([unit for unit in _GROUP_OF[match[1]] if unit != match[1]])
        return problem.gold[: match.start()] + other + problem.gold[match.end() :]
    unit = asked_unit(problem.question)
    if unit is None or not number(problem.gold):
        return None
    return f"{problem.gold} {rng.choice([u for u in _GROUP_OF[unit] if u != unit])}"


def _scaled(problem: Problem, rng: Random) -> str | None:
    words = ("thousand", "million", "dozen", "hundred", "k")
    scaled = re.search(r"thousand|million|dozen|hundred|\dk\b", problem.question, re.IGNORECASE)
    return None if scaled or not number(problem.gold) else _joined(problem.gold, rng.choice(words))


def _joined(gold: str, word: str) -> str:
    return f"{gold}k" if word == "k" else f"{gold} {word}"


def _percent(problem: Problem, rng: Random) -> str | None:
    if not number(problem.gold) or re.search(r"%|percent", problem.question + problem.gold):
        return None
    return problem.gold + rng.choice([r"\%", "%", " percent"])


def _before(*prefixes: str) -> Change:
    """Returns a change of numbers other than 0: text before them."""

    def changed(problem: Problem, rng: Random) -> str | None:
        return f"{rng.choice(prefixes)}{problem.gold}" if number(problem.gold) else None

    return changed


def _base(problem: Problem, rng: Random) -> str | None:
    known = number(problem.gold)
    if known is None or not _WHOLE.fullmatch(problem.gold) or known < max(_BASES):
        return None
    if re.search(r"\bbase\b|_", problem.question):
        return None
    base = rng.choice(_BASES)
    return f"{problem.gold}_{{{base}}}" if base > 9 else f"{problem.gold}_{base}"


def _choice(problem: Problem, rng: Random) -> str | None:
    match = _CHOICE.fullmatch(problem.gold)
    if match is None or (problem.gold.islower() and len(problem.gold) == 1):
        return None  # a variable
    letters = "ABCDE" if match[1].isupper() else "abcd"
    other = rng.choice([letter for letter in letters if letter != match[1]])
    return problem.gold[: match.start(1)] + other + problem.gold[match.end(1) :]


def _decimal_comma(text: str, _: Fraction, rng: Random) -> str | None:
    """Adds a comma that separates no thousands, or makes a decimal point one that does."""
    if _WHOLE.fullmatch(text):
        return f"{text[:-1]},{text[-1]}" if len(text.lstrip("-")) > 1 else None
    whole, _point, decimals = text.partition(".")
    return f"{whole},{decimals}" if len(decimals) == 3 and whole.strip("-0") else None


def _to_ratio(other: Callable[[Fraction, Random], str]) -> Change:
    def changed(problem: Problem, rng: Random) -> str | None:
        known = number(problem.gold)
        if not known or not _WHOLE.fullmatch(problem.gold):
            return None
        about = re.search(r"\bratios?\b|\bodds\b|:\s?\d|\d\s?:|\bclock|\btime\b", problem.question)
        return None if about else f"{problem.gold}:{other(known, rng)}"

    return changed


def _date(problem: Problem, rng: Random) -> str | None:
    known = number(problem.gold)
    if not known or not _WHOLE.fullmatch(problem.gold) or not 0 < known < 32:
        return None
    return rng.choice(["2024-01-{:0>2}", "{}-1-5", "1/{}/2024"]).format(problem.gold)


def _second_value(problem: Problem, rng: Random) -> str | None:
    known = number(problem.gold)
    if known is None or "," in problem.gold:
        return None
    other = known.numerator // known.denominator + rng.randrange(1, 5)
    joint = rng.choice([", ", " or ", " and ", "; ", r" \text{ or } "])
    return None if other == known else f"{problem.gold}{joint}{other}"


def _root(problem: Problem, _: Random) -> str | None:
    known = number(problem.gold)
    return None if known in (None, 0, 1) else rf"\sqrt{{{problem.gold}}}"


def _times(*factors: str) -> Change:
    def changed(problem: Problem, rng: Random) -> str | None:
        gold, factor = problem.gold, rng.choice(factors)
        if not number(gold):
            return None
        return f"{gold}{factor}"

    return changed


def _bound(problem: Problem, rng: Random) -> str | None:
    if not number(problem.gold):
        return None
    sign = rng.choice([r"\leq ", r"\geq ", "< ", "> ", r"x \leq ", r"x \ge ", "n > "])
    return f"{sign}{problem.gold}"


def _relation_changed(problem: Problem, rng: Random) -> str | None:
    found = list(_INEQUALITY.finditer(problem.gold))
    if not found or re.search("[$=]", problem.gold):
        return None
    at = rng.choice(found)
    other = rng.choice(_OTHER_RELATIONS[_RELATIONS[at[0].removesuffix("slant")]])
    return f"{problem.gold[: at.start()]}{other} {problem.gold[at.end() :].lstrip()}"


def _truth(problem: Problem, _: Random) -> str | None:
    opposite = {"True": "False", "False": "True", "Yes": "No", "No": "Yes"}
    return opposite.get(problem.gold)


def _other_word(problem: Problem, _: Random) -> str | None:
    match = re.fullmatch(r"(\\text\{)?([A-Za-z]{4,})(\})?", problem.gold)
    if match is None or problem.gold in ("True", "False"):
        return None
    # An anagram: a product of letters is the same.
    wrong = match[2][:-2] + match[2][-1] + match[2][-2]
    return None if wrong == match[2] else f"{match[1] or ''}{wrong}{match[3] or ''}"


def _rounded(text: str, known: Fraction, _: Random) -> str | None:
    _whole, _point, decimals = text.partition(".")
    if not decimals or known.denominator == 1 or "frac" in text:
        return None
    nearest = round(known)
    # An error of more than 2% is no rounding of the last digit.
    return str(nearest) if abs(nearest - known) > abs(known) / 50 else None


CHANGES: Mapping[str, Change] = {
    "sign of a number": _of_number(_negated),
    "sign of an expression": _of_expression(_negated_expression),
    "one digit of a number": _of_number(lambda text, _, rng: _other_digit(text, rng)),
    "one digit of an expression": _of_expression(_other_digit),
    "neighbouring digits swapped": _of_number(_swapped_digits),
    "decimal point shifted": _of_number(_shifted),
    "rounded to an integer": _of_number(_rounded),
    "numerator and denominator swapped": _of_number(_inverted),
    "exponent changed": _of_expression(_exponent),
    "coefficient changed": _of_expression(_coefficient),
    "variable renamed": _of_expression(_renamed),
    "last term dropped": _of_expression(_dropped_term),
    "member dropped": _of_members(_member_dropped),
    "member changed": _of_members(_member_changed),
    "member added": _of_members(_member_added),
    "members of a tuple swapped": _of_members(_members_swapped),
    "bracket of an interval": _of_interval(_bracket_changed),
    "ends of an interval swapped": _of_interval(_ends_swapped),
    "end of an interval changed": _of_interval(_member_changed),
    "another relation": _relation_changed,
    "another unit": _unit_changed,
    "scale word added": _scaled,
    "percent sign added": _percent,
    r"\pm added": _before(r"\pm "),
    r"\neq added": _before(r"\neq ", r"x \neq ", r"\ne "),
    "bound": _bound,
    "not, at least, less than": _before("not ", "at least ", "less than ", "at most "),
    "base added": _base,
    "another choice": _choice,
    "decimal comma": _of_number(_decimal_comma),
    "ratio": _to_ratio(lambda known, rng: str(rng.choice([2, 3, 7]))),
    "ratio to one": _to_ratio(lambda known, rng: "1"),
    "date": _date,
    "second value": _second_value,
    "square root": _root,
    r"factor i or \pi": _times("i", r"\pi", r" \pi", r" i"),
    "variable as a factor": _times("x", "n", "a"),
    "opposite truth value": _truth,
    "letters of a word swapped": _other_word,
}
