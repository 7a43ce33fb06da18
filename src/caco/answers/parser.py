r"""The parser of answers: LaTeX, plain text and JSON into `caco.answers.model`.

An answer is read to its end or not at all: what is not understood ends in `Unparsed`, never in a
shorter answer. `caco.answers.quantities` reads the members, this module what joins them.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import accumulate
from operator import itemgetter
from typing import Any

from caco.answers.expressions import juxtaposed
from caco.answers.model import (
    Answer,
    Choice,
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
from caco.answers.quantities import Names, in_words, read_quantity
from caco.answers.sympy_repr import read_repr
from caco.text.numbers import is_number_word

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_CHOICE = re.compile(r"\(?([A-J])[).:]\)?\s*\S")
_OPTION = re.compile(
    r"(?i:(?:the )?(?:correct |right )?(?:option|choice|answer)(?: is)?:?)\s*\(?([A-J])\)?"
)
_RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", r"\le": "<=", r"\ge": ">=",
    r"\ne": "!=", "!=": "!=", r"\approx": "=", r"\equiv": "=",
}  # fmt: skip
_OPEN, _CLOSE = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}, {")", "]", r"\}", "}"}
_ENVIRONMENT = re.compile(
    r"\\begin\s*\{([pbBvV]?matrix|smallmatrix|array)\}(?:\s*\{[^{}]*\})?(.*?)\\end\s*\{\1\}",
    re.DOTALL,
)
# What may surround a matrix, and join two to a product.
_LAYOUT = re.compile(r"\\left|\\right|\\cdot|\\times|[\[\]()\s$.]")
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
# What tells a literal with texts or keys from mathematics: a quote, or the colons after keys. One
# colon without a blank is a ratio.
_LITERAL = re.compile(r"[\"']|:\s|:[^:]*:")
_DATE = re.compile(r"\d{1,4}[-\u2010-\u2013]\d{1,2}[-\u2010-\u2013]\d{1,4}")


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
        if (spelled := in_words(plain)) is not None:
            return spelled
        if match := _CHOICE.match(plain):
            return Choice(match[1])
        if plain and not any(c.isdigit() for c in plain) and not re.search(r"[\\^=<>+*/|_]", plain):
            return Text(plain)
        return Unparsed(plain, str(e) or "it is nested too deeply")


def parse_output(output: str) -> Answer:
    """Returns the output of a program.

    Args:
        output: The output as JSON. A list is ordered, whatever brackets an answer has.
    """
    return _value(json.loads(output, parse_int=Decimal, parse_float=Decimal), is_list=True)


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
    if text == "set()":  # Python's own notation of the empty set
        return Sequence((), "{", "}")
    if not text.startswith(("[", "{", '"', "(")) or not _LITERAL.search(text):
        return None
    readers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
    for read in readers:
        try:
            with warnings.catch_warnings(action="ignore"):  # of invalid escapes in literals
                return _value(read(text), is_list=not text.startswith("["))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _value(value: Any, *, is_list: bool) -> Answer:
    """Returns a JSON value as an answer; see `Sequence.is_list`."""
    match value:
        case bool():
            return Truth(value)
        case dict():
            items = ((_key(key), _value(member, is_list=is_list)) for key, member in value.items())
            return Mapping(tuple(sorted(items, key=itemgetter(0))))
        case list() | tuple():
            members = tuple(_value(member, is_list=is_list) for member in value)
            return Sequence(members, "[", "]", is_list)
        case set():  # in an order that is the same in every process
            ordered = sorted(value, key=repr)
            return Sequence(tuple(_value(item, is_list=is_list) for item in ordered), "{", "}")
        case Decimal() | int() | float():
            written = str(value)
            if not Decimal(written).is_finite() or abs(Decimal(written).adjusted()) > _LARGEST:
                return Text(written.lower())
            exact, digits, places = number(written.lstrip("-").lower())
            return Quantity(Num(-exact if written.startswith("-") else exact, digits, places))
        case str():
            known = read_repr(value.strip(), parse)
            return known or (parse(value) if value.strip() else Text(""))
        case _:
            return Text(str(value))


def _key(key: Any) -> str:
    """Returns the key of a Python dict as in JSON: the text itself, else its JSON text."""
    try:
        return key if isinstance(key, str) else json.dumps(key, separators=(",", ":"))
    except (TypeError, ValueError):  # a frozenset, bytes
        return str(key)


def _notation(text: str, names: Names) -> Answer:
    """Returns an answer in LaTeX or plain notation.

    Raises:
        NotReadable: It is not mathematical notation, or not to its end.
    """
    if _DATE.fullmatch(text.strip(" $.")):
        raise NotReadable("it is a date")
    if r"\begin" in text and (matrix := _matrices(text.strip(" $."), names)) is not None:
        return matrix
    symbols = _trimmed(_inner(tokens(text)))
    if not symbols:
        raise NotReadable("it is empty")
    if any(token.text == r"\pm" for token in symbols):
        # Both signs at once: `a \pm b \mp c` is `a + b - c` or `a - b + c`.
        both = [_answers([_signed(t, plus) for t in symbols], names) for plus in ("+", "-")]
        return Sequence(tuple(both))
    return _answers(symbols, names)


def _matrices(text: str, names: Names) -> Matrix | None:
    """Returns the matrix, or the sum or product of matrices, that a text is; or None."""
    found = list(_ENVIRONMENT.finditer(text))
    if not found:
        return None
    ends = [0, *(match.end() for match in found)]
    starts = [*(match.start() for match in found), len(text)]
    before, *joins, after = (text[a:b] for a, b in zip(ends, starts, strict=True))
    joins = [_LAYOUT.sub("", join) for join in joins]
    if _LAYOUT.sub("", before) or _LAYOUT.sub("", after) or not set(joins) <= {"+", "-", ""}:
        return None
    total = _matrix(found[0][1], found[0][2], names)
    for join, match in zip(joins, found[1:], strict=True):
        other = _matrix(match[1], match[2], names)
        if join == "" and set(joins) == {""}:
            total = _product(total, other)
        elif join and "" not in joins:
            total = _sum(total, other, join)
        else:
            raise NotReadable("it has sums and products of matrices")
    return total


def _sum(a: Matrix, b: Matrix, sign: str) -> Matrix:
    if [len(row) for row in a.rows] != [len(row) for row in b.rows]:
        raise NotReadable("it adds matrices of different shapes")
    return Matrix(
        tuple(
            tuple(
                Op("add", (x, y if sign == "+" else Op("neg", (y,))))
                for x, y in zip(p, q, strict=True)
            )
            for p, q in zip(a.rows, b.rows, strict=True)
        )
    )


def _product(a: Matrix, b: Matrix) -> Matrix:
    if len(a.rows[0]) != len(b.rows):
        raise NotReadable("it multiplies matrices of unequal shapes")
    return Matrix(
        tuple(
            tuple(
                reduce(
                    lambda total, term: Op("add", (total, term)),
                    [Op("mul", pair) for pair in zip(row, column, strict=True)],
                )
                for column in zip(*b.rows, strict=True)
            )
            for row in a.rows
        )
    )


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
        ends = accumulate(len(side) + 1 for side in sides[:-1])
        return _relation(sides, [symbols[end - 1].text for end in ends], names)
    if len(symbols) == 1 and symbols[0].kind == "word" and symbols[0].text.lower() in _TRUTH:
        return Truth(_TRUTH[symbols[0].text.lower()])
    if all(t.kind == "word" for t in symbols):
        spelled = in_words(" ".join(t.text for t in symbols))
        if spelled is not None:
            return spelled
    if all(t.kind == "word" and len(t.text) > 1 for t in symbols) and not _all_names(
        symbols, names
    ):
        return _text(symbols)
    return read_quantity(symbols, names)


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
    values = [read_quantity(side, names) for side in sides]
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
    rounded = read_quantity(sides[-1], names)
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


def _matrix(kind: str, body: str, names: Names) -> Matrix:
    """Returns a matrix, or a determinant as a quantity of its cells.

    Raises:
        NotReadable: A cell is no expression, or the rows differ in length.
    """
    lines = [line for line in re.split(r"\\\\(?:\[[^\]]*\])?", body) if line.strip()]
    rows = tuple(
        tuple(read_quantity(tokens(cell), names).expr for cell in line.split("&")) for line in lines
    )
    if not rows or len({len(row) for row in rows}) > 1:
        raise NotReadable("its rows differ in length")
    if kind in ("vmatrix", "Vmatrix"):
        raise NotReadable("it is a determinant")
    return Matrix(rows)
