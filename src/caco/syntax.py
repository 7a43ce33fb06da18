"""Normal form of Python source: its syntax tree without comments, docstrings and layout."""

import ast

from caco.identity import digest


def normal_form(text: str) -> str:
    """Returns a text that is equal for sources that differ only in comments, docstrings or layout.

    `ast.dump` and `ast.unparse` are not used: their texts differ between Python versions, stages
    run under different interpreters, and an identity must be the same under each.

    Raises:
        SyntaxError: `text` is not valid Python.
        ValueError: `text` holds a null byte.
        RecursionError: `text` is nested too deeply to traverse.
    """
    return tree_form(ast.parse(text))


def tree_form(tree: ast.AST) -> str:
    """Returns the normal form of a syntax tree; see `normal_form`."""
    return _form(tree)


def program_id(text: str) -> str:
    """Returns the digest of a program's normal form, or of its text where it does not parse."""
    try:
        return digest("program", normal_form(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return digest("text", text.strip())


def family_id(text: str) -> str:
    """Returns the digest of a program's normal form without the literal of its `input`.

    Programs with the same id are a family: they are equal but for the values that they compute
    with. A text that does not parse is a family of its own.
    """
    try:
        tree = ast.parse(text)
        tree.body = [statement for statement in tree.body if not _assigns_input(statement)]
        return digest("family", tree_form(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return digest("text", text.strip())


def _assigns_input(statement: ast.stmt) -> bool:
    """Tells whether a statement assigns a literal to `input`."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    (target,) = statement.targets
    if not isinstance(target, ast.Name) or target.id != "input":
        return False
    return not any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(statement.value))


def _form(node: object) -> str:
    if isinstance(node, ast.AST):
        parts = [f"{name}={_form(value)}" for name, value in _fields(node)]
        return f"{type(node).__name__}({','.join(parts)})"
    if isinstance(node, list):
        return f"[{','.join(_form(item) for item in node)}]"
    return repr(node)


def _fields(node: ast.AST) -> list[tuple[str, object]]:
    """Returns the non-empty fields: newer Python versions add empty ones to existing nodes."""
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and _has_docstring(node):
            value = value[1:]
        empty = value is None or value == [] or name in ("ctx", "kind", "type_comment")
        if not empty or isinstance(node, ast.Constant):
            fields.append((name, value))
    return fields


def _has_docstring(node: ast.AST) -> bool:
    """Returns whether `node` begins with a docstring."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
