"""What the rules ask of a program's text, without running it."""

import ast
from functools import cached_property


class Source:
    """A program's text, and its syntax tree, which is read once and only if it is asked for."""

    def __init__(self, text: str) -> None:
        """Takes a program's text."""
        self.text = text

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None where it cannot be read."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def real_lines(program: str) -> int:
    """Returns how many lines are neither blank, comment nor import."""
    stripped = (line.strip() for line in program.splitlines())
    return sum(1 for line in stripped if line and not line.startswith(("#", "import ", "from ")))


def used_names(tree: ast.Module) -> set[str]:
    """Returns the names by which a program can use a key of `input`.

    Identifiers of any kind (variables, parameters, arguments, attributes), as the released code
    counts them; and, because programs also write `input["key"]`, constants used as a subscript or
    asked of `.get` and `.pop`. What `input` is built with is not use: `dict(key=...)` and
    `input["key"] = ...` do not count.
    """
    building = {id(part) for node in ast.walk(tree) for part in _building(node)}
    return {
        name
        for node in ast.walk(tree)
        if id(node) not in building
        for name in _names(node)
        if name is not None
    }


def _building(node: ast.AST) -> list[ast.AST]:
    """Returns the parts of an assignment that only build `input`."""
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    parts: list[ast.AST] = [
        t for t in targets if isinstance(t, ast.Subscript) and _is_input(t.value)
    ]
    value = node.value
    if isinstance(value, ast.Call) and any(_is_input(t) for t in targets):
        parts += value.keywords
    return parts


def _is_input(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "input"


def _names(node: ast.AST) -> list[str | None]:
    """Returns the names that one node holds."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
        case ast.arg(arg=name) | ast.keyword(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Subscript(slice=ast.Constant(value=str() | int() as key)):
            return [str(key)]
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop"),
            args=[ast.Constant(value=str() | int() as key), *_],
        ):
            return [str(key)]
        case _:
            return []
