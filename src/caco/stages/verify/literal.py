"""The literal dict that a program assigns to `input`, and the program with another in its place."""

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from caco.stages.verify.rules import Source

_LONGEST = 16_384  # bytes of a literal: rewriting a longer one many times takes too long
_DIGITS = 4_000  # of an integer: Python writes out no more than 4,300
_CONSTANTS = 40  # of a program that are tried as inputs


@dataclass(frozen=True, slots=True)
class Literal:
    """The literal dict that a program assigns to `input`.

    Attributes:
        value: What it says.
        before: The program's text up to it.
        after: The program's text from its end.
        constants: Numbers and texts that the rest of the program holds.
    """

    value: dict[Any, Any]
    before: str
    after: str
    constants: tuple[Any, ...]

    def rewritten(self, value: dict[Any, Any]) -> str:
        """Returns the program with another literal."""
        return f"{self.before}{value!r}{self.after}"


def literal_input(source: Source) -> Literal | None:
    """Returns the literal of `input`, or None where `input` is not assigned just one."""
    tree = source.tree
    if tree is None:
        return None
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _assigns_input(node)
    ]
    if len(found) != 1 or not isinstance(found[0].value, ast.Dict):
        return None
    node = found[0].value
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    # Python counts columns in bytes, and takes every line end for one of these.
    text = source.text.replace("\r\n", "\n").replace("\r", "\n").encode()
    start, end = _offset(text, node.lineno, node.col_offset), None
    if node.end_lineno is not None and node.end_col_offset is not None:
        end = _offset(text, node.end_lineno, node.end_col_offset)
    if not value or end is None or end - start > _LONGEST or not _can_be_written(value):
        return None
    inside = {id(part) for part in ast.walk(node)}
    return Literal(
        value, text[:start].decode(), text[end:].decode(), tuple(_constants(tree, inside))
    )


def _assigns_input(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(t, ast.Name) and t.id == "input" for t in targets)


def _offset(text: bytes, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.index(b"\n", at) + 1
    return at + column


def _can_be_written(value: Any) -> bool:
    """Tells whether the `repr` of a value, and of anything drawn from it, is a literal."""
    if isinstance(value, dict):
        return all(map(_can_be_written, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(_can_be_written, value))
    if isinstance(value, int):
        return value.bit_length() * 0.30103 < _DIGITS
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str)


def _constants(tree: ast.Module, inside: set[int]) -> Iterator[Any]:
    """Yields what the program holds outside the literal; what it compares with comes first."""
    nodes = [node for node in ast.walk(tree) if id(node) not in inside]
    compared = [part for node in nodes if isinstance(node, ast.Compare) for part in ast.walk(node)]
    found = (node.value for node in [*compared, *nodes] if isinstance(node, ast.Constant))
    wanted = (
        value
        for value in found
        if isinstance(value, int | float | str)
        and not isinstance(value, bool)
        and _can_be_written(value)
    )
    yield from islice(dict.fromkeys(wanted), _CONSTANTS)
