"""A program's text and syntax tree, and what it assigns to `input`."""

import ast
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from caco.sandbox.protocol import json_text

_MAX_BYTES = 16_384  # of a literal: replacing a longer one many times takes too long
_MAX_DIGITS = 4_000  # of an integer: Python prints no more than 4,300
_MAX_CONSTANTS = 40  # of a program that perturbations use
_MAX_BITS = 1_000  # of an integer among them: a perturbation adds it to a float


class Source:
    """A program's text and its syntax tree, which is parsed at most once, on first access."""

    def __init__(self, text: str) -> None:
        """Stores a program's text."""
        self.text = text

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None where the text cannot be parsed."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@dataclass(frozen=True, slots=True)
class Literal:
    """The dict literal that a program assigns to `input`.

    Attributes:
        value: Its value.
        before: The text of the program before it.
        after: The text of the program after it.
        constants: Numbers and strings in the rest of the program.
    """

    value: dict[Any, Any]
    before: str
    after: str
    constants: tuple[Any, ...]

    def rewritten(self, value: dict[Any, Any]) -> str:
        """Returns the program with the literal of `value` in its place."""
        return f"{self.before}{value!r}{self.after}"


def literal_input(source: Source) -> Literal | None:
    """Returns the literal of `input`, or None where `input` is not assigned exactly one."""
    tree = source.tree
    if tree is None:
        return None
    assignments = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _assigns_input(node)
    ]
    if len(assignments) != 1 or not isinstance(assignments[0].value, ast.Dict):
        return None
    node = assignments[0].value
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    # `ast` counts columns in UTF-8 bytes, and these three are its line ends.
    text = source.text.replace("\r\n", "\n").replace("\r", "\n").encode()
    start, end = _offset(text, node.lineno, node.col_offset), None
    if node.end_lineno is not None and node.end_col_offset is not None:
        end = _offset(text, node.end_lineno, node.end_col_offset)
    if not value or end is None or end - start > _MAX_BYTES or not _has_literal(value):
        return None
    inside = {id(part) for part in ast.walk(node)}
    return Literal(
        value, text[:start].decode(), text[end:].decode(), tuple(_constants(tree, inside))
    )


def _assigns_input(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(t, ast.Name) and t.id == "input" for t in targets)


def _offset(text: bytes, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index(b"\n", start) + 1
    return start + column


def _has_literal(value: Any) -> bool:
    """Returns whether the `repr` of a value, and of its perturbations, is a literal."""
    if isinstance(value, dict):
        return all(map(_has_literal, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(_has_literal, value))
    if isinstance(value, int):
        return value.bit_length() * 0.30103 < _MAX_DIGITS  # log10(2) digits per bit
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str)


def _constants(tree: ast.Module, inside: set[int]) -> Iterator[Any]:
    """Yields the constants outside the literal; those in comparisons come first."""
    nodes = [node for node in ast.walk(tree) if id(node) not in inside]
    compared = [part for node in nodes if isinstance(node, ast.Compare) for part in ast.walk(node)]
    values = (node.value for node in [*compared, *nodes] if isinstance(node, ast.Constant))
    usable = (
        value
        for value in values
        if isinstance(value, int | float | str)
        and not isinstance(value, bool)
        and _has_literal(value)
        and not (isinstance(value, int) and value.bit_length() > _MAX_BITS)
    )
    yield from islice(dict.fromkeys(usable), _MAX_CONSTANTS)


def with_recorded_input(source: Source, recorded: str) -> str:
    """Returns a program that assigns a recorded value to `input`.

    The last statement that assigns `input` assigns the value instead. A literal that already has
    this value stays, with its tuples, sets and keys that are no strings; if nothing else is
    assigned, the text is unchanged.

    Args:
        source: The program, which can be parsed.
        recorded: The value, as JSON.

    Raises:
        ValueError: No statement assigns `input` alone, or the value has an integer that Python does
            not read.
    """
    tree = ast.parse(source.text)
    for statement in reversed(tree.body):
        assigned = [node for node in _in_module_scope(statement) if _assigned_value(node)]
        if not assigned:
            continue
        others = [node for node in assigned if not _has_value(node.value, recorded)]
        for node in others:
            node.value = ast.parse(repr(json.loads(recorded)), mode="eval").body
        return ast.unparse(tree) if others else source.text
    raise ValueError("no statement assigns `input` alone, so no run can start from its value")


def _in_module_scope(node: ast.AST) -> Iterator[Any]:
    """Yields a node and those below it in which the name `input` is the global one."""
    if isinstance(node, ast.Lambda | ast.ClassDef):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
        isinstance(part, ast.Global) and "input" in part.names for part in ast.walk(node)
    ):
        return
    yield node
    for part in ast.iter_child_nodes(node):
        yield from _in_module_scope(part)


def _assigned_value(node: ast.AST) -> ast.expr | None:
    """Returns the expression that a node assigns to `input`, or None."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return node.value if _assigns_input(node) else None
    if isinstance(node, ast.NamedExpr):
        return node.value if node.target.id == "input" else None
    return None


def _has_value(node: ast.expr, recorded: str) -> bool:
    """Returns whether an expression is a literal with a recorded value."""
    try:
        return json_text(ast.literal_eval(node)) == recorded
    except Exception:  # no literal, or no JSON value
        return False
