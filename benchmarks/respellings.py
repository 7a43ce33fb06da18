r"""Other notations of known answers: each kind has the value of the known answer.

A function returns None where its notation does not apply.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

from golds import Problem
from latex_values import number, same_value
from wrong_answers import asked_unit

Respelling = Callable[[Problem, Random], str | None]

_WHOLE = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d*\.\d+")
_LATEX_FRACTION = re.compile(r"(-?)\\d?frac\{(\d+)\}\{(\d+)\}")
_SLASHED = re.compile(r"(-?)(\d+)\s*/\s*(\d+)")
_CHOICE = re.compile(r"(?:\\(?:text|mathrm|textbf)\{)?\(?([A-E]|(?<=\()[a-e])\)?\}?")
_WORD = re.compile(r"(?:\\text\{)?([A-Za-z]{4,})\}?")
_NOUN = re.compile(r"\bhow many (?:more |total |different |of the |of his |of her )?([a-z]+s)\b")
_NO_NOUN = {
    "times",
    "ways",
    "less",
    "this",
    "others",
    "was",
    "is",
    "does",
    "has",
    "units",
    "values",
}
_MONEY = re.compile(r"\bhow much\b[^.?]*\b(?:money|cost|pay|earn|spend|spent|charge|dollars)\b")
_VARIABLE_ASKED = re.compile(
    r"(?:[Ww]hat is|[Ff]ind|[Ss]olve for|value of) (?:the value of )?\$?([a-z])\$?[.?]?(?=[\s.?]|$)"
)
_DEGREES = r"^([^,$]*?)\s*\^\{?\\circ\}?$"
_SEPARATE = re.compile(r"(?<=[\d)}])([-+=])(?=[\dA-Za-z\\(])")


def _of_whole(form: Callable[[str], str | None]) -> Respelling:
    """Returns a notation of integers."""

    def respelled(problem: Problem, _: Random) -> str | None:
        return form(problem.gold) if _WHOLE.fullmatch(problem.gold) else None

    return respelled


def _of_number(form: str) -> Respelling:
    """Returns a notation of numbers: a format in which `{}` is the known answer."""

    def respelled(problem: Problem, _: Random) -> str | None:
        return None if number(problem.gold) is None else form.replace("{}", problem.gold)

    return respelled


def _around(form: str) -> Respelling:
    """Returns a notation of answers without dollar signs and words."""

    def respelled(problem: Problem, _: Random) -> str | None:
        plain = "$" in problem.gold or re.search(r"(?<![\\A-Za-z])[A-Za-z]{2}", problem.gold)
        return None if plain else form.replace("{}", problem.gold)

    return respelled


def _of_text(change: Callable[[str], str]) -> Respelling:
    """Returns a notation that changes parts of the known answer, if it has such parts."""

    def respelled(problem: Problem, _: Random) -> str | None:
        changed = problem.gold if problem.is_prose else change(problem.gold)
        return None if changed == problem.gold else changed

    return respelled


def _replaced(pattern: str, replacement: str) -> Respelling:
    return _of_text(lambda text: re.sub(pattern, replacement, text))


def _thousands(separator: str) -> Respelling:
    return _of_whole(
        lambda text: f"{int(text):,}".replace(",", separator) if abs(int(text)) > 999 else None
    )


def _as_decimal(problem: Problem, _: Random) -> str | None:
    known = number(problem.gold)
    if known is None or known.denominator == 1 or _DECIMAL.fullmatch(problem.gold):
        return None
    shifted = known * 10**4
    return f"{float(known):.4f}".rstrip("0") if shifted.denominator == 1 else None


def _as_fraction(problem: Problem, _: Random) -> str | None:
    known = number(problem.gold)
    if known is None or known.denominator == 1 or not _DECIMAL.fullmatch(problem.gold):
        return None
    sign = "-" if known < 0 else ""
    return rf"{sign}\frac{{{abs(known.numerator)}}}{{{known.denominator}}}"


def _fraction_as(form: str) -> Respelling:
    def respelled(problem: Problem, _: Random) -> str | None:
        match = _LATEX_FRACTION.fullmatch(problem.gold) or _SLASHED.fullmatch(problem.gold)
        if match is None:
            return None
        changed = match[1] + form.format(match[2], match[3])
        return None if changed == problem.gold else changed

    return respelled


def _not_reduced(problem: Problem, rng: Random) -> str | None:
    known = number(problem.gold)
    if known is None or known.denominator == 1 or _DECIMAL.fullmatch(problem.gold):
        return None
    factor = rng.choice([2, 3, 5])
    sign = "-" if known < 0 else ""
    top, bottom = abs(known.numerator) * factor, known.denominator * factor
    return (
        rf"{sign}\frac{{{top}}}{{{bottom}}}" if "frac" in problem.gold else f"{sign}{top}/{bottom}"
    )


def _mixed(problem: Problem, _: Random) -> str | None:
    known = number(problem.gold)
    if known is None or known.denominator == 1 or abs(known) < 1 or "." in problem.gold:
        return None
    whole, rest = divmod(abs(known), 1)
    sign = "-" if known < 0 else ""
    return rf"{sign}{whole}\frac{{{rest.numerator}}}{{{rest.denominator}}}"


def _scientific(problem: Problem, _: Random) -> str | None:
    known = number(problem.gold)
    if not known or Fraction(1, 100) <= abs(known) < 10_000 or "frac" in problem.gold:
        return None
    mantissa, exponent = f"{float(known):.9e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    exact = Fraction(mantissa) * Fraction(10) ** int(exponent)
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exact == known else None


def _with_unit(form: str) -> Respelling:
    """Returns the number and the unit in which the question asks for it."""

    def respelled(problem: Problem, _: Random) -> str | None:
        unit = asked_unit(problem.question)
        stated = re.search(r"how many " + unit, problem.question, re.IGNORECASE) if unit else None
        return form.format(problem.gold, unit) if stated and number(problem.gold) else None

    return respelled


def _stated_unit(problem: Problem, _: Random) -> str | None:
    if problem.unit is None or not number(problem.gold):
        return None
    return f"{problem.gold}{problem.unit.strip('$')}"


def _noun(problem: Problem, _: Random) -> str | None:
    found = _NOUN.findall(problem.question.lower())
    nouns = [noun for noun in found if noun not in _NO_NOUN]
    if len(found) != 1 or not nouns or not _WHOLE.fullmatch(problem.gold):
        return None
    return f"{problem.gold} {nouns[0]}"


def _dollars(form: str) -> Respelling:
    def respelled(problem: Problem, _: Random) -> str | None:
        question = problem.question.lower()
        if "$" not in question or "cents" in question or not _MONEY.search(question):
            return None
        # In other benchmarks a dollar sign begins a formula.
        plain = problem.benchmark in ("gsm8k", "svamp")
        return form.format(problem.gold) if plain and number(problem.gold) else None

    return respelled


def _percent_asked(problem: Problem, rng: Random) -> str | None:
    asked = re.search(r"(?:what|which) (?:percent|percentage)\b", problem.question.lower())
    known = number(problem.gold)
    if not asked or known is None or abs(known) < 1:
        return None  # a share, perhaps
    return problem.gold + rng.choice([r"\%", "%", " percent"])


def _named(problem: Problem, _: Random) -> str | None:
    found = _VARIABLE_ASKED.findall(problem.question)
    if not found or number(problem.gold) is None:
        return None
    return f"{found[-1]} = {problem.gold}"


def _unnamed(problem: Problem, _: Random) -> str | None:
    match = re.fullmatch(r"[a-z]\s*=\s*([^=,$]+)", problem.gold)
    return match[1] if match and not re.search(r"[A-Za-z]{2}", match[1]) else None


def _sized(text: str) -> str:
    if r"\left" in text or not re.fullmatch(r"\([^()]*,[^()]*\)", text):
        return text
    return rf"\left({text[1:-1]}\right)"


def _reordered(problem: Problem, _: Random) -> str | None:
    found = problem.members
    if found is None or not (problem.unordered or found.opening == r"\{"):
        return None
    if found.opening not in ("", r"\{"):
        return None
    return found.written(found.members[1:] + found.members[:1])


def _members_joined(comma: str) -> Respelling:
    def respelled(problem: Problem, _: Random) -> str | None:
        found = problem.members
        if found is None:
            return None
        joined = f"{found.opening}{comma.join(found.members)}{found.closing}"
        return None if joined == problem.gold else joined

    return respelled


def _listed(form: Callable[[tuple[str, ...]], str]) -> Respelling:
    """Returns a notation of lists without brackets whose order does not matter."""

    def respelled(problem: Problem, _: Random) -> str | None:
        found = problem.members
        if found is None or found.opening or not problem.unordered:
            return None
        return form(found.members)

    return respelled


def _both_signs(problem: Problem, _: Random) -> str | None:
    match = re.fullmatch(r"\\pm\s*(.+)", problem.gold)
    return f"{match[1]}, -{match[1]}" if match and number(match[1]) is not None else None


def _terms_swapped(problem: Problem, _: Random) -> str | None:
    match = re.fullmatch(r"([^-+(){},=]+)\s*\+\s*([^-+(),=]+)", problem.gold)
    if match is None:
        return None
    swapped = f"{match[2].strip()} + {match[1].strip()}"
    return swapped if same_value(swapped, problem.gold) else None


def _truth(forms: Mapping[str, str]) -> Respelling:
    return lambda problem, _: forms.get(problem.gold)


def _choice(form: str) -> Respelling:
    def respelled(problem: Problem, _: Random) -> str | None:
        match = _CHOICE.fullmatch(problem.gold)
        changed = form.format(match[1]) if match else problem.gold
        return None if changed == problem.gold else changed

    return respelled


def _word(form: str) -> Respelling:
    def respelled(problem: Problem, _: Random) -> str | None:
        match = _WORD.fullmatch(problem.gold)
        changed = form.format(match[1]) if match else problem.gold
        return None if changed == problem.gold else changed

    return respelled


def _interval_in(problem: Problem, _: Random) -> str | None:
    gold = problem.gold
    known = problem.interval or r"\cup" in gold or r"\infty" in gold
    return rf"x \in {gold}" if known and re.match(r"(?:\\left)?[(\[]", gold) else None


RESPELLINGS: Mapping[str, Respelling] = {
    r"\dfrac": _replaced(r"\\frac(?![A-Za-z])", r"\\dfrac"),
    r"\frac for \dfrac and \tfrac": _replaced(r"\\[dt]frac(?![A-Za-z])", r"\\frac"),
    r"\frac12": _replaced(r"\\d?frac\{(\d)\}\{(\d)\}", r"\\frac\1\2"),
    "fraction with a slash": _fraction_as("{}/{}"),
    "fraction in LaTeX": _fraction_as(r"\frac{{{}}}{{{}}}"),
    "fraction not reduced": _not_reduced,
    "decimal of a fraction": _as_decimal,
    "fraction of a decimal": _as_fraction,
    "mixed number": _mixed,
    "scientific notation": _scientific,
    "thousands, comma": _thousands(","),
    "thousands, {,}": _thousands("{,}"),
    r"thousands, \,": _thousands(r"\,"),
    r"thousands, ,\!": _thousands(r",\!"),
    "trailing .0": _of_whole(lambda text: f"{text}.0"),
    "trailing .00": _of_whole(lambda text: f"{text}.00"),
    "trailing zero of a decimal": _replaced(r"^(-?\d*\.\d+)$", r"\g<1>0"),
    "no zero before the point": _replaced(r"^(-?)0(\.\d+)$", r"\1\2"),
    "minus sign of Unicode": _replaced(r"^-(?=\d)", "\N{MINUS SIGN}"),
    r"unit in \text": _with_unit(r"{} \text{{ {}}}"),
    "unit": _with_unit("{} {}"),
    "unit of the benchmark": _stated_unit,
    "noun of the question": _noun,
    "dollar sign": _dollars("${}"),
    r"\$": _dollars(r"\${}"),
    "dollars": _dollars("{} dollars"),
    "percent sign as in the question": _percent_asked,
    "degrees, sign of Unicode": _replaced(_DEGREES, r"\1°"),
    "degrees, word": _replaced(_DEGREES, r"\1 degrees"),
    "degrees left out": _replaced(_DEGREES, r"\1"),
    "x = before": _named,
    "x = left out": _unnamed,
    r"\left( \right)": _of_text(_sized),
    r"\left and \right left out": _replaced(r"\\(?:left|right)(?=[(\[)\]|])\s?", ""),
    "spaces around signs": _of_text(lambda text: _SEPARATE.sub(r" \1 ", text)),
    "no spaces after commas": _members_joined(","),
    "spaces after commas": _members_joined(", "),
    "dollar signs around": _around("${}$"),
    r"\( \) around": _around(r"\({}\)"),
    r"\displaystyle": _around(r"\displaystyle {}"),
    "full stop": _of_number("{}."),
    "bold, Markdown": _of_number("**{}**"),
    "in braces": _of_number("{{}}"),
    "exponents without braces": _replaced(r"\^\{(\d)\}", r"^\1"),
    r"\sqrt3": _replaced(r"\\sqrt\{(\d)\}", r"\\sqrt\1"),
    r"\cdot in a product": _replaced(r"(?<=\d)\s?(?=\\sqrt\{\d+\}$|\\pi$)", r" \\cdot "),
    "terms swapped": _terms_swapped,
    "members reordered": _reordered,
    "set braces": _listed(lambda members: rf"\{{{', '.join(members)}\}}"),
    "and before the last member": _listed(
        lambda members: f"{', '.join(members[:-1])} and {members[-1]}"
    ),
    r"\text{ and }": _listed(lambda members: r" \text{ and } ".join(members)),
    "both values of \\pm": _both_signs,
    r"x \in": _interval_in,
    "true, false": _truth({"True": "true", "False": "false"}),
    "yes, no": _truth({"True": "Yes", "False": "No", "Yes": "yes", "No": "no"}),
    r"\text{True}": _truth({"True": r"\text{True}", "False": r"\text{False}"}),
    "choice, bare letter": _choice("{}"),
    "choice, brackets": _choice("({})"),
    r"choice, \text{(A)}": _choice(r"\text{{({})}}"),
    r"choice, \textbf{(A) }": _choice(r"\textbf{{({}) }}"),
    r"word in \text": _word(r"\text{{{}}}"),
    r"word in \mbox": _word(r"\mbox{{{}}}"),
    "bare word": _word("{}"),
}
