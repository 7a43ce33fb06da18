"""The difficulty of a row: what its program computes, with which values, in how many steps.

The measures are counts of a text, not a model's success, so that a row has them without a model,
and equal rows have equal ones. A program may count in a loop what is one addition, and a solution
may be wordy, so that the difficulty of a row is the lower of both.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Calls that convert, print or arrange values. Other calls compute.
_ARRANGING = frozenset(
    {
        "int", "float", "str", "bool", "list", "tuple", "set", "dict", "frozenset", "Fraction",
        "Decimal", "print", "range", "enumerate", "zip", "iter", "next", "isinstance", "append",
        "extend", "add", "items", "keys", "values", "get", "format", "strip", "lower", "upper",
        "copy",
    }
)  # fmt: skip
_LOOPS = (ast.For, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.boolop)
_NOT_COUNTED = (*_DEFINITIONS, ast.Import, ast.ImportFrom)
# The number of a step at the head of a line: `1.`, `2)`, `Step 3:`.
_MARKER = re.compile(r"^[\s>*#-]*(?:\(?\d+[.)](?=\s|$)|step\s+\d+\W*)", re.I | re.M)
_HASHES = re.compile(r"^\s*####.*", re.M)  # the answer of GSM8K
_ENDS = re.compile(r"\n+|(?<=[.!?;])\s+")
_ANSWER = re.compile(r"\banswer(?:\s+\w+){0,3}?\s*(?:\bis\b|:|=)|\\boxed\b", re.I)


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The measures of a row; see the columns of the same names in `CorpusRow`."""

    difficulty: int
    operations: int
    code_statements: int
    loops: int
    depth: int
    inputs: int
    digits: int
    steps: int | None


def difficulty(
    program: str, input_json: str, output_json: str, solution: str | None
) -> Difficulty | None:
    """Returns the measures of a row, or None if its program is not valid Python.

    Args:
        program: Its text.
        input_json: The executed `input`, as JSON.
        output_json: The executed `output`, as JSON.
        solution: The worked solution; without one the steps are None, and the difficulty is that
            of the program.
    """
    try:
        code = _count(ast.parse(program))
        given, result = (list(_values(_read(text))) for text in (input_json, output_json))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    stated = None if solution is None else steps(solution)
    return Difficulty(
        difficulty=code.repeated if stated is None else min(code.repeated, stated),
        operations=code.operations,
        code_statements=code.statements,
        loops=code.loops,
        depth=code.depth,
        inputs=len(given),
        digits=max(map(_digits, [*given, *result]), default=0),
        steps=stated,
    )


def steps(solution: str) -> int:
    """Returns the number of sentences and lines that contain a number, without the answer.

    Fu et al. (arXiv 2210.00720) count lines. A model that writes one paragraph has sentences
    instead, and a line without a number is no step of a computation.
    """
    plain = _MARKER.sub("", _HASHES.sub("", solution))
    return sum(
        any(map(str.isdecimal, part)) and not _ANSWER.search(part) for part in _ENDS.split(plain)
    )


def _count(tree: ast.Module) -> "_Code":
    """Returns the counts of a module, without the functions that nothing refers to."""
    defined = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
    code = _Code(frozenset(defined))
    found = [node for node in tree.body if not isinstance(node, _DEFINITIONS)]
    for node in found:  # which grows
        code.add(node)
        found += [defined.pop(name) for name in code.names & defined.keys()]
    return code


class _Code:
    """The counts of a program. A function is counted once, however often it is called.

    Attributes:
        operations, statements, loops, depth: As in `Difficulty`.
        names: The names that occur.
        repeated: The operations, each counted once more for every loop around it.
    """

    def __init__(self, own: frozenset[str]) -> None:
        """Starts with counts of zero.

        Args:
            own: The names of the program's functions, whose calls are no operations.
        """
        self._own = own
        self.names: set[str] = set()
        self.operations = self.repeated = self.statements = self.loops = self.depth = 0

    def add(self, node: ast.AST, loops: int = 0, depth: int = 0) -> None:
        """Adds what `node` contains.

        Args:
            node: A node of the syntax tree.
            loops: The number of loops around it.
            depth: The number of loops and branches around it.
        """
        if isinstance(node, ast.Name):
            self.names.add(node.id)
        if isinstance(node, _LEAVES):
            return
        self.depth = max(self.depth, depth)
        if isinstance(node, ast.stmt) and not isinstance(node, _NOT_COUNTED):
            self.statements += not _is_text(node)
        count = _operations(node, self._own)
        self.operations += count
        self.repeated += count * (1 + loops)
        if isinstance(node, _LOOPS):
            self.loops += 1
            once = [node.target, node.iter] if isinstance(node, ast.For) else []
            self._add_all(once, loops, depth)
            inside = [node.test] if isinstance(node, ast.While) else []
            self._add_all([*inside, *node.body], loops + 1, depth + 1)
            self._add_all(node.orelse, loops, depth)
        elif isinstance(node, _COMPREHENSIONS):
            self.loops += len(node.generators)
            first = node.generators[0].iter
            self.add(first, loops, depth)
            within = len(node.generators)
            for child in _children(node):
                if child is not first:
                    self.add(child, loops + within, depth + within)
        elif isinstance(node, ast.If):
            self.add(node.test, loops, depth)
            self._add_all(node.body, loops, depth + 1)
            # `elif` is the branch's alternative, not a branch within it.
            is_elif = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
            self._add_all(node.orelse, loops, depth + (not is_elif))
        elif isinstance(node, ast.IfExp):
            self._add_all(ast.iter_child_nodes(node), loops, depth + 1)
        else:
            self._add_all(ast.iter_child_nodes(node), loops, depth)

    def _add_all(self, nodes: Any, loops: int, depth: int) -> None:
        for node in nodes:
            self.add(node, loops, depth)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the expressions of a comprehension."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from ast.iter_child_nodes(child)
        else:
            yield child


def _is_text(node: ast.stmt) -> bool:
    """Tells whether a statement is a docstring, or a text that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _operations(node: ast.AST, own: frozenset[str]) -> int:
    """Returns the number of operations of a node, without those that it contains."""
    match node:
        case ast.BinOp() | ast.AugAssign():
            return 1
        case ast.Compare(ops=operators):
            return len(operators)
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            return 1
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name not in _ARRANGING and name not in own
    return 0


def _read(text: str) -> Any:
    """Returns a JSON value; its numbers are exact and of any length, NaN and infinities None."""
    return json.loads(
        text, parse_int=Decimal, parse_float=Decimal, parse_constant=lambda constant: None
    )


def _values(value: Any) -> Iterator[Any]:
    """Yields the values that are no lists and no dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    else:
        yield value


def _digits(value: Any) -> int:
    """Returns the integer digits of a number: 1 for 0.5; 0 for what is no number."""
    return max(1, value.adjusted() + 1) if isinstance(value, Decimal) else 0
