"""Kinds of warm parents: the modules that each has loaded, and the kind for a program.

A fork copies the page tables of its parent, so a program is run from the smallest parent that has
loaded what it imports. A program that imports further modules still runs, but has to import them
itself.
"""

import ast
from enum import StrEnum


class Kind(StrEnum):
    """Which modules a warm parent has loaded."""

    PLAIN = "plain"
    STANDARD = "standard"
    HEAVY = "heavy"


_STANDARD = (
    "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "fractions",
    "functools", "heapq", "json", "numbers", "operator", "random", "re", "statistics", "string",
    "typing",
)  # fmt: skip
_HEAVY = ("mpmath", "networkx", "numpy", "scipy", "sympy")

# Part of the interpreter, or imported faster than a larger parent forks.
_CHEAP = frozenset({"__future__", "builtins", "itertools", "math", "sys", "time"})

MODULES: dict[Kind, tuple[str, ...]] = {
    Kind.PLAIN: ("math",),
    Kind.STANDARD: ("math", *_STANDARD),
    # `caco.sandbox.guest.warm` makes the first calls, whose results SymPy caches.
    Kind.HEAVY: (*_STANDARD, *_HEAVY, "scipy.optimize", "scipy.stats", "caco.sandbox.guest.warm"),
}


def kind_of(program: str) -> Kind:
    """Returns the kind of parent for a program, by the imports in its syntax tree."""
    if "import" not in program:
        return Kind.PLAIN
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Kind.PLAIN  # the program will not compile
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    if imported & set(_HEAVY):
        return Kind.HEAVY
    return Kind.STANDARD if imported - _CHEAP else Kind.PLAIN
