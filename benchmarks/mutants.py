"""Programs mutated by Python's grammar: most still parse, and many do what no model was asked for.

A mutant is a real program after one to four mutations: a part is replaced by a part of another
program, an operator or constant by another, statements are deleted, repeated, exchanged or wrapped
in a block, an expression is wrapped or nested deeply, or the text itself is damaged.
"""

import ast
import copy
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_CONSTANTS: tuple[Any, ...] = (
    0, 1, -1, 2, 10**5, 10**40, 1 << 20_000, 0.0, -0.0, 0.1, 1e308, 1e-320, 3j, True, False, None,
    ..., "", " ", "0", "input", "output", "\x00", "\u2028", "\ud800", "\U0001f600", "x" * 3_000,
    b"", b"\xff", (), "{}", "%d", "/tmp",
)  # fmt: skip
_NAMES = (
    "input", "output", "print", "len", "sum", "range", "sorted", "open", "exec", "globals", "vars",
    "__builtins__", "__name__", "Exception", "list", "set", "iter", "int", "float", "object",
    "type",
)  # fmt: skip
_BINARY = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift,
    ast.BitOr, ast.BitAnd, ast.BitXor, ast.MatMult,
)  # fmt: skip
_COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.In, ast.NotIn)
_BLOCKS = (
    "if 1:\n    pass", "while 0:\n    pass", "for input in [input]:\n    pass",
    "for x in range(3):\n    pass", "try:\n    pass\nfinally:\n    output = 1",
    "try:\n    pass\nexcept Exception:\n    output = 2",
    "def f():\n    global input, output\n    pass",
    "class C:\n    pass", "async def f():\n    pass", "while True:\n    break",
    "with open('/tmp/x', 'w') as f:\n    pass", "match input:\n    case _:\n        pass",
)  # fmt: skip
_LINES = (
    "input = output", "output = input", "del input", "del output", "input = dict(input)",
    "input.clear()", "input['more'] = [1, 2]", "input[(1, 2)] = {3}", "import random, time",
    "output = random.random()", "from math import *", "import sys; sys.setrecursionlimit(10**6)",
    "exec('output = 3')", "globals()['input'] = 3", "raise SystemExit", "input = yield",
    "output: int", "input: dict = {'a': 1}", "output, input = input, 5", "print(output)",
    "assert output", "return output", "nonlocal output", "from __future__ import annotations",
    "output = lambda: output", "output = [output]; output.append(output)", "import numpy, sympy",
    "output = {float('nan'): output}", "output = {1, 'a'}", "input |= {'k': input}",
)  # fmt: skip
_WRAPPED: tuple[Callable[[str], str], ...] = (
    lambda e: f"(lambda: {e})()", lambda e: f"[{e} for _ in range(3)]", lambda e: f"(x := {e})",
    lambda e: f"f'{{({e})!r:>5}}'", lambda e: f"(yield {e})", lambda e: f"{{{e}: {e}}}",
    lambda e: f"{{*[{e}]}}", lambda e: f"({e},)", lambda e: f"not {e}", lambda e: f"({e})[0]",
    lambda e: f"({e}).real", lambda e: f"max({e}, {e})", lambda e: f"({e}) if input else 0",
    lambda e: f"{'-' * 150}({e})", lambda e: f"{'(' * 60}{e}{')' * 60}",
    lambda e: f"{'[' * 90}{e}{']' * 90}", lambda e: f"({e}){' + 1' * 800}", lambda e: f"str({e})",
    lambda e: f"({e}){'.real' * 600}", lambda e: f"(await {e})", lambda e: f"[*{e}]",
    lambda e: f"({e}) ** 99", lambda e: f"int({e})", lambda e: f"({e}) < 1 < 2 < 3",
)  # fmt: skip
_TEXTS = (
    "\x00", "\r", "\r\n", "\f", "\t", "\ufeff", "\u2028", "\\\n", '"""', "'", "#", ";", "(", "]",
    "{", "\n\n", "    ", "é", "\U0001d465", "\x1a", "0x", "1_000", "5" * 5_000, "lambda ", ":=",
    "**",
)  # fmt: skip


class Mutator:
    """Mutates programs; the same seed gives the same mutants."""

    def __init__(self, programs: Sequence[str], seed: int) -> None:
        """Parses the programs, whose parts become those of mutants.

        Args:
            programs: Programs that can be parsed.
            seed: Seed of the mutations.
        """
        self._random = random.Random(seed)
        self._programs = list(programs)
        trees = [ast.parse(text) for text in self._programs]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        self._expressions = [node for node in nodes if isinstance(node, ast.expr)]
        self._statements = [node for node in nodes if isinstance(node, ast.stmt)]

    def mutants(self, count: int) -> Iterator[str]:
        """Yields mutants; each can be stored as UTF-8."""
        for _ in range(count):
            text = self._random.choice(self._programs)
            for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 4))):
                text = self._mutated(text)
            yield text.encode("utf-8", "replace").decode()

    def _mutated(self, text: str) -> str:
        if self._random.random() < 0.2:
            return self._damaged(text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                tree = ast.parse(text)
                self._random.choice(
                    (self._replace, self._operator, self._constant, self._name, self._statement,
                     self._statement, self._wrap, self._wrap)
                )(tree)  # fmt: skip
                return ast.unparse(ast.fix_missing_locations(tree))
        except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError, AttributeError):
            return self._damaged(text)  # what an earlier mutation made has no tree, or no text

    def _damaged(self, text: str) -> str:
        """Returns a text with a part deleted, repeated, exchanged or inserted."""
        start = self._random.randrange(len(text) + 1)
        end = min(len(text), start + self._random.choice((1, 1, 3, 20)))
        part = self._random.choice(("", text[start:end] * 2, self._random.choice(_TEXTS)))
        return text[:start] + part + text[end:]

    def _nodes(self, tree: ast.AST, kind: Any) -> list[Any]:
        return [node for node in ast.walk(tree) if isinstance(node, kind)]

    def _put(self, tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
        """Replaces a node, wherever it is."""
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is old:
                    setattr(parent, name, new)
                elif isinstance(value, list):
                    value[:] = [new if item is old else item for item in value]

    def _replace(self, tree: ast.Module) -> None:
        """Replaces an expression by one of another program."""
        nodes = self._nodes(tree, ast.expr)
        if nodes:
            new = copy.deepcopy(self._random.choice(self._expressions))
            self._put(tree, self._random.choice(nodes), new)

    def _operator(self, tree: ast.Module) -> None:
        for node in self._nodes(tree, ast.BinOp | ast.AugAssign | ast.Compare):
            if self._random.random() < 0.4:
                if isinstance(node, ast.Compare):
                    node.ops = [self._random.choice(_COMPARED)() for _ in node.ops]
                else:
                    node.op = self._random.choice(_BINARY)()

    def _constant(self, tree: ast.Module) -> None:
        if nodes := self._nodes(tree, ast.Constant):
            self._random.choice(nodes).value = self._random.choice(_CONSTANTS)

    def _name(self, tree: ast.Module) -> None:
        if nodes := self._nodes(tree, ast.Name):
            names = [*_NAMES, *(node.id for node in nodes)]
            self._random.choice(nodes).id = self._random.choice(names)

    def _statement(self, tree: ast.Module) -> None:
        """Deletes, repeats, moves, inserts or wraps a statement."""
        blocks = [
            block
            for node in ast.walk(tree)
            for block in (getattr(node, "body", None), getattr(node, "orelse", None))
            if isinstance(block, list) and block
        ]
        if not blocks:
            return
        block = self._random.choice(blocks)
        at = self._random.randrange(len(block))
        match self._random.randrange(6):
            case 0:
                block[at : at + 1] = [] if len(block) > 1 else [ast.Pass()]
            case 1:
                block.insert(at, copy.deepcopy(block[at]))
            case 2:
                block.insert(self._random.randrange(len(block)), block.pop(at))
            case 3:
                block.insert(at, copy.deepcopy(self._random.choice(self._statements)))
            case 4:
                block[at:at] = self._parsed_lines()
            case 5:
                (outer,) = ast.parse(self._random.choice(_BLOCKS)).body
                inner: Any = outer.cases[0] if isinstance(outer, ast.Match) else outer
                inner.body.insert(0, block[at])
                block[at] = outer

    def _parsed_lines(self) -> list[ast.stmt]:
        return ast.parse(self._random.choice(_LINES)).body

    def _wrap(self, tree: ast.Module) -> None:
        """Wraps an expression in another, or nests it deeply."""
        nodes = [
            node
            for node in self._nodes(tree, ast.expr)
            if not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        ]
        if nodes:
            node = self._random.choice(nodes)
            text = self._random.choice(_WRAPPED)(ast.unparse(node))
            self._put(tree, node, ast.parse(text, mode="eval").body)
