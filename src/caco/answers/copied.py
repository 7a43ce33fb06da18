r"""Whether an answer is an expression that is copied from its question.

`Simplify -10-4(n-5)` has an expression that equals its answer, `10-4n`, as values do not depend on
notation. Who repeats it has not answered. An answer is copied if all of this holds:

- It is an expression. A number, with or without sign, percent or unit, and a single letter are
  none; nor is a fraction in lowest terms, `3/4` for 0.75, where the question does not ask for
  another notation.
- Its symbols stand in the question, one after the other.
- It is not the known answer, however that is written: `\frac{x}{2}` is `x/2`.
"""

import math
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from caco.answers.model import (
    Answer,
    Expr,
    Matrix,
    Num,
    Op,
    Quantity,
    Relation,
    Sequence,
    Sym,
    Text,
    Union,
    Unparsed,
)
from caco.answers.notation import NotReadable, Token, tokens
from caco.answers.parser import parse, parse_output, variables

_ASKS_NOTATION = re.compile(r"\b(?:decimal|percent|mixed (?:number|fraction))", re.IGNORECASE)
# What is written in several ways, or not at all.
_OMITTED = frozenset("(){}[]/*$") | {
    r"\{", r"\}", r"\frac", r"\div", r"\cdot", r"\times", "\\", r"\\",
}  # fmt: skip
# What the parser computes: the product of matrices, a repeating decimal.
_COMPUTED = (r"\begin", r"\overline")
_Form = tuple[Any, ...]
_Piece = tuple[str, bool, bool]
"""A symbol, and whether a word or number begins and ends with it."""


def is_copied(text: str, known: str, question: str, *, is_output: bool = False) -> bool:
    """Tells whether an answer is copied from the question instead of given.

    Args:
        text: The answer.
        known: The known answer.
        question: The question.
        is_output: Whether the known answer is the output of a program, as JSON.
    """
    if text.split() == known.split():
        return False
    gold = parse_output(known) if is_output else parse(known)
    answer = parse(text, variables(gold))
    if isinstance(gold, Text | Unparsed):
        return False
    fractions = not _ASKS_NOTATION.search(question)
    if not _has_operator(answer, fractions) and not any(_computed(text)):
        return False
    if (_form(answer), _computed(text)) == (_form(gold), _computed(known)):
        return False
    return _stands_in(text, question)


def _computed(text: str) -> tuple[int, ...]:
    counts = tuple(text.count(command) for command in _COMPUTED)
    return counts if counts != (1, 0) else (0, 0)  # one matrix is no computation


def _has_operator(answer: Answer, fractions: bool) -> bool:
    """Tells whether an answer is an expression.

    Args:
        answer: The answer.
        fractions: Whether a fraction in lowest terms is a number.
    """
    match answer:
        case Quantity(base=base) if base is not None:
            return True
        case Quantity(expr=Op(args=(number, _)), scaled=scaled) if scaled:
            return _operates(number, fractions)
        case Quantity(expr=expr):
            return _operates(expr, fractions)
        case Relation():
            return True
        case Sequence(items=items) | Union(items=items):
            return any(_has_operator(item, fractions) for item in items)
        case Matrix(rows=rows):
            return any(_operates(cell, fractions) for cell in chain(*rows))
        case _:
            return False


def _operates(expr: Expr, fractions: bool) -> bool:
    match expr:
        case Op(name="neg", args=(inner,)):
            return _operates(inner, fractions)
        case Op(name="div", args=(Num(value=a), Num(value=b))) if fractions:
            return a.denominator > 1 or b.denominator > 1 or math.gcd(int(a), int(b)) > 1
        case Op(args=args):
            return bool(args)  # pi and infinity have none
        case _:
            return False


def _form(value: Answer | Expr) -> _Form:
    """Returns what an answer is, whatever its notation, order and the sign of its fractions."""
    match value:
        case Num(value=number):
            return ("number", str(number))
        case Sym(name=name):
            return ("symbol", name)
        case Op(name="div", args=args):
            top, bottom = map(_form, args)
            if (top[0] == "neg") == (bottom[0] == "neg"):
                return ("div", top, bottom)
            return ("neg", ("div", *(f[1] if f[0] == "neg" else f for f in (top, bottom))))
        case Op(name="add" | "mul" as name):
            return (name, *sorted(map(_form, _operands(value, name)), key=repr))
        case Op(name=name, args=args):
            return (name, *map(_form, args))
        case Quantity(expr=expr, base=base):
            return ("base", base, _form(expr)) if base else _form(expr)
        case Relation(sides=sides, operators=operators):
            return ("relation", operators, *map(_form, sides))
        case Sequence(items=items) | Union(items=items):
            return ("members", *map(_form, items))
        case Matrix(rows=rows):
            return ("matrix", *(tuple(map(_form, row)) for row in rows))
        case _:
            return ("other", value)


def _operands(expr: Expr, name: str) -> Iterator[Expr]:
    """Yields the operands of a sum or a product, also those of its first and last one."""
    if isinstance(expr, Op) and expr.name == name:
        for arg in expr.args:
            yield from _operands(arg, name)
    else:
        yield expr


def _stands_in(text: str, question: str) -> bool:
    """Tells whether the symbols of an answer stand in the question in the same order."""
    try:
        answer = [piece for piece, _, _ in _pieces(tokens(text))]
    except NotReadable:
        return False
    asked = list(_pieces(tokens(question, len(question))))
    size = len(answer)
    for at, (first, begins, _) in enumerate(asked[: len(asked) - size + 1]):
        if (
            begins
            and first == answer[0]
            and asked[at + size - 1][2]
            and [piece for piece, _, _ in asked[at : at + size]] == answer
        ):
            return True
    return False


def _pieces(symbols: list[Token]) -> Iterator[_Piece]:
    r"""Yields the symbols of a text without brackets and signs of products; letters one by one."""
    before = ""
    for token in symbols:
        piece = token.text.rstrip(".") if token.kind == "number" else token.text
        if token.kind == "word":
            last = len(piece) - 1
            yield from ((letter, n == 0, n == last) for n, letter in enumerate(piece))
        elif before == r"\frac" and piece.isdigit() and len(piece) > 1:  # \frac12
            yield piece[0], True, True
            yield piece[1:], True, True
        elif piece not in _OMITTED:
            yield piece, True, True
        before = token.text
