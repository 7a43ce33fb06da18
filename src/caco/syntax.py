"""Normal form of Python source: its syntax tree without comments, docstrings and layout."""

import ast

from caco.identity import digest

_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_MISSING = object()
_FIELDS: dict[type, tuple[str, ...]] = {}  # by kind of node, see `_field_names`


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


def _form(node: ast.AST) -> str:
    """Returns the normal form of a node: its kind with the fields that are not empty.

    Empty fields are left out, because newer Python versions add some to existing nodes. Lists and
    plain values have no call of their own, which would double the time.
    """
    kind, parts = type(node), []
    for name in _field_names(kind):
        value = getattr(node, name, _MISSING)
        if isinstance(value, ast.AST):
            parts.append(f"{name}={_form(value)}")
        elif isinstance(value, list):
            if name == "body" and _has_docstring(node):
                value = value[1:]
            if value:
                items = [_form(v) if isinstance(v, ast.AST) else repr(v) for v in value]
                parts.append(f"{name}=[{','.join(items)}]")
        elif value is not _MISSING and (value is not None or kind is ast.Constant):
            parts.append(f"{name}={value!r}")
    return f"{kind.__name__}({','.join(parts)})"


def _field_names(kind: type[ast.AST]) -> tuple[str, ...]:
    """Returns the names of the fields of a kind of node that are in its normal form."""
    if kind not in _FIELDS:
        unwanted = () if kind is ast.Constant else ("ctx", "kind", "type_comment")
        _FIELDS[kind] = tuple(name for name in kind._fields if name not in unwanted)
    return _FIELDS[kind]


def _has_docstring(node: ast.AST) -> bool:
    """Returns whether `node` begins with a docstring."""
    if not isinstance(node, _WITH_DOCSTRING):
        return False
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
