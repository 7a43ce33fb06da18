r"""The parser of answers: LaTeX, plain text and JSON into `caco.answers.model`.

An answer is read to its end or not at all. What follows a number is a percent sign, a scale, a
unit, an ordinal ending or a noun phrase; anything else ends in `Unparsed`, never in a shorter
answer.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from caco.answers.expressions import Expressions, juxtaposed
from caco.answers.model import (
    Answer,
    Choice,
    Expr,
    Mapping,
    Matrix,
    Num,
    Op,
    Quantity,
    Relation,
    Sequence,
    Sym,
    Text,
    Truth,
    Union,
    Unparsed,
)
from caco.answers.notation import MAX_CHARACTERS, NotReadable, Token, number, tokens, words
from caco.answers.numeric import equal, near, symbols
from caco.answers.units import CURRENCIES, DEGREE, ONE, PER_CENT, TEMPERATURES, Unit, unit
from caco.text.numbers import SCALES, is_number_word, mentions

Names = frozenset[str] | None
PAIR = "pair"
"""A scale word that is also what is counted: `12 pairs`."""
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_CHOICE = re.compile(r"\(?([A-J])[).:]\)?\s*\S")
_OPTION = re.compile(
    r"(?i:(?:the )?(?:correct |right )?(?:option|choice|answer)(?: is)?:?)\s*\(?([A-J])\)?"
)
_LETTER_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "bn": 10**9, "mn": 10**6}
_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
          "ten": 10, "eleven": 11, "twelve": 12, "sixteen": 16}  # fmt: skip
_RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", r"\le": "<=", r"\ge": ">=",
    r"\ne": "!=", "!=": "!=", r"\approx": "=", r"\equiv": "=",
}  # fmt: skip
_OPEN, _CLOSE = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}, {")", "]", r"\}", "}"}
_ENVIRONMENT = re.compile(
    r"\\begin\s*\{([pbBvV]?matrix|smallmatrix|array)\}(?:\s*\{[^{}]*\})?(.*)\\end\s*\{\1\}",
    re.DOTALL,
)
# Lengths and ratios of segments: `|AB|`, `\frac{NO}{BO}`.
_SEGMENTS = re.compile(
    r"\|[A-Z]{2}\||\\frac\{[A-Z]{1,3}\}\{[A-Z]{1,3}\}|[A-Z]{2,3}(?:/[A-Z]{2,3})?"
)
# How far a rounded side of `\approx` may be from the exact one, relative.
_APPROXIMATION = Fraction(1, 100)
# Decimal exponent from which a number in JSON is a text: its integer would fill the memory.
_LARGEST = 20_000
# `A:B = 2:3`, the name of a ratio.
_RATIO_NAME = re.compile(r"^\$?\s*[A-Z](?:_\{?\w+\}?)?\s*:\s*[A-Z](?:_\{?\w+\}?)?\s*=")
_DATE = re.compile(r"\d{1,4}[-\u2010-\u2013]\d{1,2}[-\u2010-\u2013]\d{1,4}")
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
    "thirty", "if", "when", "unless", "however", "false", "true", "doubled", "tripled", "halved",
    "twice", "thrice", "fold", "thousandths", "millionths", "basis", "mil", "mio", "grand",
    "gross", "score", "scores", "lakh", "lakhs", "crore", "crores", "mille", "binary", "octal",
    "hexadecimal", "hex", "too",
))  # fmt: skip
_NOUN = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?|a|A")
_MAX_NOUNS = 8


def parse(text: str, variables: Names = None) -> Answer:
    """Returns an answer that a person, a model or a benchmark wrote.

    Args:
        text: The answer, LaTeX or plain.
        variables: The variables of the known answer: a run of letters is a product of them rather
            than a unit or a noun. None for a known answer.
    """
    if len(text) > MAX_CHARACTERS:
        return Unparsed(text, f"it has {len(text):,} characters")
    stripped = text.strip().strip("`")
    stripped = _RATIO_NAME.sub("", stripped)
    if match := _OPTION.fullmatch(words(stripped)):
        return Quantity(Sym(match[1]))
    if words(stripped).lower() in ("none", "null"):
        return Text("None")
    structured = _structured(stripped, variables)
    if structured is not None:
        return structured
    try:
        return _notation(stripped, variables)
    except (NotReadable, RecursionError) as e:
        plain = words(stripped)
        if plain.lower() in _TRUTH:
            return Truth(_TRUTH[plain.lower()])
        if (spelled := _in_words(plain)) is not None:
            return spelled
        if match := _CHOICE.match(plain):
            return Choice(match[1])
        if plain and not any(c.isdigit() for c in plain) and not re.search(r"[\\^=<>+*/|_]", plain):
            return Text(plain)
        return Unparsed(plain, str(e) or "it is nested too deeply")


def _in_words(text: str) -> Quantity | None:
    """Returns the number that a text is in words: `forty-two`, `a dozen`, `twelve legs`."""
    text = text.lower().removeprefix("a ")
    found = mentions(text) if not any(c.isdigit() for c in text) else []
    if len(found) != 1 or found[0].start or found[0].percent:
        return None
    nouns = text[found[0].end :].split()
    if len(nouns) > _MAX_NOUNS or any(n in _CHANGING or not _NOUN.fullmatch(n) for n in nouns):
        return None
    return Quantity(Num(Fraction(found[0].value)))


def parse_output(output: str) -> Answer:
    """Returns the output of a program.

    Args:
        output: The output as JSON. A list is ordered, whatever brackets an answer has.
    """
    return _value(json.loads(output, parse_int=Decimal, parse_float=Decimal), "")


def variables(answer: Answer) -> frozenset[str]:
    """Returns the variables of an answer."""
    match answer:
        case Quantity(expr=expr):
            return frozenset(symbols(expr))
        case Relation(sides=sides):
            return frozenset(name for side in sides for name in symbols(side))
        case Sequence(items=items) | Union(items=items):
            return frozenset().union(*map(variables, items))
        case Matrix(rows=rows):
            return frozenset(name for row in rows for cell in row for name in symbols(cell))
        case _:
            return frozenset()


def _structured(text: str, names: Names) -> Answer | None:
    """Returns the value of a text that is JSON or a Python literal with texts in it, or None."""
    text = text.replace(r"\{", "{").replace(r"\}", "}") if text.startswith(r"\{") else text
    if not text.startswith(("[", "{", '"', "(")) or not re.search(r"[\"']", text):
        return None
    readers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
    for read in readers:
        try:
            with warnings.catch_warnings(action="ignore"):  # of invalid escapes in literals
                return _value(read(text), "[" if text.startswith("[") else "")
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _value(value: Any, opening: str) -> Answer:
    """Returns a JSON value as an answer."""
    match value:
        case bool():
            return Truth(value)
        case dict():
            items = sorted((str(key), _value(member, opening)) for key, member in value.items())
            return Mapping(tuple(items))
        case list() | tuple() | set():
            members = tuple(_value(member, opening) for member in value)
            return Sequence(members, opening or "list", {"[": "]"}.get(opening, "list"))
        case Decimal() | int() | float():
            written = str(value)
            if not Decimal(written).is_finite() or abs(Decimal(written).adjusted()) > _LARGEST:
                return Text(written.lower())
            exact, digits, places = number(written.lstrip("-").lower())
            return Quantity(Num(-exact if written.startswith("-") else exact, digits, places))
        case str():
            return parse(value) if value.strip() else Text("")
        case _:
            return Text(str(value))


def _notation(text: str, names: Names) -> Answer:
    """Returns an answer in LaTeX or plain notation.

    Raises:
        NotReadable: It is not mathematical notation, or not to its end.
    """
    if _DATE.fullmatch(text.strip(" $.")):
        raise NotReadable("it is a date")
    if match := _ENVIRONMENT.fullmatch(_unwrapped(text.strip(" $."))):
        return _matrix(match[1], match[2], names)
    symbols = _trimmed(_inner(tokens(text)))
    if not symbols:
        raise NotReadable("it is empty")
    if any(token.text == r"\pm" for token in symbols):
        # Both signs at once: `a \pm b \mp c` is `a + b - c` or `a - b + c`.
        both = [_answers([_signed(t, plus) for t in symbols], names) for plus in ("+", "-")]
        return Sequence(tuple(both))
    return _answers(symbols, names)


def _unwrapped(text: str) -> str:
    """Returns a matrix without brackets around its environment."""
    bare = re.sub(r"^(?:\\left)?\s*[\[(]\s*(?=\\begin)", "", text)
    return re.sub(r"(?<=\})\s*(?:\\right)?\s*[\])]$", "", bare)


def _inner(symbols: list[Token]) -> list[Token]:
    """Returns tokens without the one pair of dollar signs around all of them."""
    at = [index for index, token in enumerate(symbols) if token.text == "$"]
    return symbols[1:-1] if at == [0, len(symbols) - 1] else symbols


def _signed(token: Token, plus: str) -> Token:
    sign = {r"\pm": plus, r"\mp": {"+": "-", "-": "+"}[plus]}.get(token.text)
    return Token("sign", sign, token.spaced, token.spoken) if sign else token


def _trimmed(symbols: list[Token]) -> list[Token]:
    """Returns tokens without marks around the answer: a full stop, quotes, dollar signs."""
    if len(symbols) > 1 and symbols[0].text == symbols[-1].text in ('"', "'"):
        symbols = symbols[1:-1]
    while symbols and symbols[-1].text in (".", "!", ",", ";", ":", "*", "?", "\\"):
        if symbols[-1].text == "!" and len(symbols) > 1 and symbols[-2].kind == "number":
            break  # a factorial
        symbols = symbols[:-1]
    while symbols and symbols[0].text in ("*", "=", ":", "."):
        symbols = symbols[1:]
    if symbols and symbols[-1].kind == "number" and symbols[-1].text.endswith("."):
        last = symbols[-1]
        symbols = [*symbols[:-1], Token("number", last.text[:-1], last.spaced, last.spoken)]
    return symbols


def _split(symbols: list[Token], separates: Callable[[Token], bool]) -> list[list[Token]]:
    """Returns the parts of tokens between separators outside brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in symbols:
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth == 0 and separates(token):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _answers(symbols: list[Token], names: Names) -> Answer:
    """Returns one answer, or the enumeration that the tokens are."""
    groups = _split(symbols, lambda t: t.text == ";")
    if len(groups) > 1 and any(len(_split(g, lambda t: t.text == ",")) > 1 for g in groups):
        return Sequence(tuple(_answers(group, names) for group in groups))
    joined = _split(symbols, lambda t: t.kind == "word" and t.text in ("and", "or"))
    comma = _split(symbols, lambda t: t.text in (",", ";") or t.text in ("and", "or"))
    parts = [part for part in comma if part]
    if len(parts) == 1 and len(comma) == 1:
        return _item(parts[0], names)
    if len(parts) < len(comma) - (len(joined) - 1):
        raise NotReadable("a member of the list is missing")
    items = tuple(_item(part, names) for part in parts)
    compound = juxtaposed([item for item in items if isinstance(item, Quantity)])
    if compound is not None and len(items) > 1 and all(isinstance(i, Quantity) for i in items):
        return compound
    return Sequence(items)


def _item(symbols: list[Token], names: Names) -> Answer:
    """Returns one member: brackets with members, a union, a relation, or a quantity."""
    symbols = _trimmed(_without_dollars(_trimmed(symbols)))
    if symbols and symbols[-1].text == "$":
        symbols = symbols[:-1]
    if not symbols:
        raise NotReadable("it is empty")
    unions = _split(symbols, lambda t: t.text == r"\cup")
    if len(unions) > 1:
        return Union(tuple(_item(part, names) for part in unions))
    if len(symbols) == 1 and symbols[0].text == r"\emptyset":
        return Sequence((), "{", "}")
    bracketed = _bracketed(symbols, names)
    if bracketed is not None:
        return bracketed
    sides = _split(symbols, lambda t: t.text in _RELATIONS or t.text == r"\in")
    if len(sides) > 1:
        depth, operators = 0, []
        for token in symbols:
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
            if depth == 0 and (token.text in _RELATIONS or token.text == r"\in"):
                operators.append(token.text)
        return _relation(sides, operators, names)
    if len(symbols) == 1 and symbols[0].kind == "word" and symbols[0].text.lower() in _TRUTH:
        return Truth(_TRUTH[symbols[0].text.lower()])
    if all(t.kind == "word" for t in symbols):
        spelled = _in_words(" ".join(t.text for t in symbols))
        if spelled is not None:
            return spelled
    if all(t.kind == "word" and len(t.text) > 1 for t in symbols) and not _all_names(
        symbols, names
    ):
        return _text(symbols)
    return _quantity(symbols, names)


def _all_names(symbols: list[Token], names: Names) -> bool:
    return bool(names) and all(set(token.text) <= set(names or ()) for token in symbols)


def _text(symbols: list[Token]) -> Answer:
    if any(is_number_word(token.text.lower()) for token in symbols):
        raise NotReadable("it has a number in words")
    return Text(" ".join(token.text for token in symbols))


def _without_dollars(symbols: list[Token]) -> list[Token]:
    """Returns tokens without a pair of dollar signs: those around mathematics."""
    dollars = [index for index, token in enumerate(symbols) if token.text == "$"]
    if len(dollars) % 2 == 0:
        return [token for token in symbols if token.text != "$"]
    return symbols


def _bracketed(symbols: list[Token], names: Names) -> Answer | None:
    """Returns the tuple, list, set or interval that the tokens are as a whole, or None."""
    opening, closing = symbols[0].text, symbols[-1].text
    if opening not in ("(", "[", r"\{", "{") or closing not in (")", "]", r"\}", "}"):
        return None
    depth = 0
    for index, token in enumerate(symbols):
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth == 0 and index < len(symbols) - 1:
            return None
    inner = symbols[1:-1]
    parts = _split(inner, lambda t: t.text in (",", ";"))
    braces = ("{", "}", r"\{", r"\}")
    if _OPEN[opening] != closing and (opening in braces or closing in braces or len(parts) == 1):
        raise NotReadable("its brackets do not match")
    if inner and len(parts) == 1 and opening in ("(", "{"):
        return None
    if opening == "{":
        opening, closing = "", ""  # LaTeX does not print them
    members = tuple(_item(part, names) for part in parts) if inner else ()
    return Sequence(members, opening.removeprefix("\\"), closing.removeprefix("\\"))


def _relation(sides: list[list[Token]], operators: list[str], names: Names) -> Answer:
    r"""Returns an equation or inequality, or the value that `x = 3` and `x \in [1, 2]` state."""
    if operators == [r"\in"]:
        _name(sides[0])
        return _item(sides[1], names)
    if r"\in" in operators:
        raise NotReadable("it has more than one relation")
    if operators == [r"\equiv"]:
        sides[1], modulus = _split_modulus(sides[1])
    else:
        modulus = None
    if (len(sides) > 2 and operators[-1] == r"\approx") or (
        operators == [r"\approx"] and sides[0] and _name_or_none(sides[0]) is None
    ):
        return _approximated(sides, operators, names)
    kinds = tuple(_RELATIONS[operator] for operator in operators)
    name = _name_or_none(sides[0]) if kinds[0] == "=" else None
    if len(sides) == 2 and name is not None:
        value = _item(sides[1], names)
        if modulus is not None or not isinstance(value, Quantity):
            return value
        if name in set(symbols(value.expr)):  # x = x^2 + 1
            return Relation((Sym(name), value.expr), kinds)
        return replace(value, name=name)
    if not sides[0] and set(operators) <= {r"\approx"}:
        return _item(sides[1], names)
    if not all(sides):
        raise NotReadable("a side of the relation is missing")
    values = [_quantity(side, names) for side in sides]
    if name is not None or all(not set(symbols(v.expr)) for v in values):
        if set(kinds) == {"="} and all(
            equal(v.expr, values[-1].expr) for v in values[1 if name is not None else 0 :]
        ):
            return replace(values[-1], name=name or "")
        if name is not None and set(kinds) == {"="}:
            raise NotReadable("its sides are not equal")
    if any(v.percent for v in values):
        raise NotReadable("it is a relation of percentages")
    return Relation(tuple(v.expr for v in values), kinds)


def _approximated(sides: list[list[Token]], operators: list[str], names: Names) -> Answer:
    r"""Returns the value before a rounded one: `\sqrt{3} \approx 1.73`."""
    exact = (
        _relation(sides[:-1], operators[:-1], names) if operators[1:] else _item(sides[0], names)
    )
    rounded = _quantity(sides[-1], names)
    if not isinstance(exact, Quantity) or not near(exact.expr, rounded.expr, _APPROXIMATION):
        raise NotReadable("its last side does not round the one before")
    return exact


def _split_modulus(side: list[Token]) -> tuple[list[Token], list[Token] | None]:
    for index, token in enumerate(side):
        if token.text in (r"\pmod", r"\mod", r"\bmod"):
            return side[:index], side[index:]
    raise NotReadable("it has no modulus")


def _name(side: list[Token]) -> str:
    name = _name_or_none(side)
    if name is None:
        raise NotReadable("its left side is no name")
    return name


def _name_or_none(side: list[Token]) -> str | None:
    """Returns the name that a left side is: a variable, `f(3)`, `A_1` or words; or None."""
    if not side:
        return None
    if all(token.kind == "word" for token in side):
        return " ".join(token.text for token in side)
    text = "".join(token.text for token in side)
    if _SEGMENTS.fullmatch(text) or re.fullmatch(
        r"\([A-Za-z](?:_\{?\w+\}?)?(?:,[A-Za-z](?:_\{?\w+\}?)?)+\)", text
    ):
        return text
    if re.fullmatch(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?'*(?:\^\{?-1\}?)?(?:\([\w,.\\{}/+-]*\))?", text):
        function = "(" in text
        single = len(re.sub(r"[_({'^].*", "", text).lstrip("\\")) == 1
        if function and not single and not text.startswith("\\"):
            return None
        return text
    return None


def _matrix(kind: str, body: str, names: Names) -> Answer:
    """Returns a matrix, or a determinant as a quantity of its cells.

    Raises:
        NotReadable: A cell is no expression, or the rows differ in length.
    """
    lines = [line for line in re.split(r"\\\\(?:\[[^\]]*\])?", body) if line.strip()]
    rows = tuple(
        tuple(_quantity(tokens(cell), names).expr for cell in line.split("&")) for line in lines
    )
    if not rows or len({len(row) for row in rows}) > 1:
        raise NotReadable("its rows differ in length")
    if kind in ("vmatrix", "Vmatrix"):
        raise NotReadable("it is a determinant")
    return Matrix(rows)


def _quantity(symbols: list[Token], names: Names) -> Quantity:
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
    if not set(symbols(quantity.expr)) and _is_noun_phrase(
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
    measured = replace(quantity, unit=found)
    if at == len(rest):
        return measured
    remaining = rest[at:]
    if remaining[0].kind == "number":
        following = _quantity(remaining, names)
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
