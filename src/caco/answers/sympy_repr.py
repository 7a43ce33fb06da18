"""Values of SymPy as programs print them: `Interval.open(0, oo)`, `Eq(x, 2)`, `Matrix([[1]])`."""

import ast
import re
from collections.abc import Callable

from caco.answers.model import Answer, Sequence, Union

_BRACKETS = {
    "Interval": ("[", "]"),
    "Interval.open": ("(", ")"),
    "Interval.Lopen": ("(", "]"),
    "Interval.Ropen": ("[", ")"),
}
_NAMES = (*_BRACKETS, "Union", "FiniteSet", "Eq", "Matrix", "ImmutableDenseMatrix")


def read_repr(text: str, parse: Callable[[str], Answer]) -> Answer | None:
    """Returns a set, equation or matrix of SymPy, or None for any other text.

    Args:
        text: What `str()` returns.
        parse: Reads the expressions in it.
    """
    if not text.startswith(tuple(f"{name}(" for name in _NAMES)):
        return None
    try:
        return _read(ast.parse(text, mode="eval").body, parse)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _read(node: ast.expr, parse: Callable[[str], Answer]) -> Answer:
    if not isinstance(node, ast.Call):
        return parse(re.sub(r"\boo\b", r"\\infty ", ast.unparse(node)))
    name, args = ast.unparse(node.func), node.args
    if name in _BRACKETS and len(args) == 2:
        opening, closing = _BRACKETS[name]
        # An end at infinity is open, although SymPy prints it like a closed one.
        opening = "(" if "oo" in ast.unparse(args[0]) else opening
        closing = ")" if "oo" in ast.unparse(args[1]) else closing
        return Sequence(tuple(_read(arg, parse) for arg in args), opening, closing)
    if name == "Union":
        parts: list[Answer] = []
        for part in (_read(arg, parse) for arg in args):
            parts += part.items if isinstance(part, Union) else (part,)
        return Union(tuple(parts))
    if name == "FiniteSet":
        return Sequence(tuple(_read(arg, parse) for arg in args), "{", "}")
    if name == "Eq" and len(args) == 2:
        return parse(f"{ast.unparse(args[0])} = {ast.unparse(args[1])}")
    if name.endswith("Matrix") and len(args) == 1 and isinstance(args[0], ast.List):
        return _list(args[0], parse)
    return parse(ast.unparse(node))


def _list(node: ast.List, parse: Callable[[str], Answer]) -> Sequence:
    items = (
        _list(item, parse) if isinstance(item, ast.List) else _read(item, parse)
        for item in node.elts
    )
    return Sequence(tuple(items), "[", "]")
