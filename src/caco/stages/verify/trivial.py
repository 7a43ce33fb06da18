"""Detection of programs whose `output` involves no operation.

The syntax tree decides, and in doubt a program is accepted: a value counts as computed if it comes
from a call, is assigned twice, in a branch or in a loop, or may be changed in place.
"""

import ast
from collections import defaultdict

_REFLECTION = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "__dict__"})


def computes_nothing(tree: ast.Module) -> str | None:
    """Returns a description of `output` where no operation leads to it; None otherwise."""
    return _Trace(tree).result()


class _Trace:
    """Traces `output` back through plain assignments."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._values: defaultdict[str, list[ast.expr]] = defaultdict(list)
        for node in tree.body:
            for name, value in _plain_assignments(node):
                self._values[name].append(value)
        self._names: set[str] = set()  # the traced variables
        self._seen: set[int] = set()  # the nodes that read them in the trace
        self._reads_input = self._has_container = False

    def result(self) -> str | None:
        if not self._is_plain_variable("output") or self._may_be_changed():
            return None
        return "a copy of an input" if self._reads_input else "a constant"

    def _is_plain_variable(self, name: str) -> bool:
        """Returns whether a variable is assigned once, at the top level, by a plain expression."""
        values = self._values.get(name, [])
        if len(values) != 1 or name in self._names:
            return False
        self._names.add(name)
        return self._is_plain(values[0])

    def _is_plain(self, node: ast.expr) -> bool:
        """Returns whether an expression only reads constants, inputs and plain variables."""
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return True
            case ast.Name(id="input"):
                self._seen.add(id(node))
                self._reads_input = True
                return True
            case ast.Name(id=name):
                self._seen.add(id(node))
                return self._is_plain_variable(name)
            case ast.Subscript(value=value, slice=ast.Constant()):
                return self._is_plain(value)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                self._has_container = True
                return all(map(self._is_plain, items))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="input") as owner, attr="get"),
                args=[ast.Constant(), *_],
                keywords=[],
            ):
                return all(map(self._is_plain, [owner, *node.args]))
            case _:
                return False

    def _may_be_changed(self) -> bool:
        """Returns whether another part of the program may change a traced value."""
        names = self._names | ({"input"} if self._reads_input else set())
        harmless = set(self._seen)
        scalars = _holds_scalars(self._values.get("input", []))
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "print":
                    harmless.update(id(n) for part in node.args for n in ast.walk(part))
                if scalars:  # `f(**input)` receives copies
                    harmless.update(id(k.value) for k in node.keywords if k.arg is None)
            elif isinstance(node, ast.Subscript) and scalars and isinstance(node.ctx, ast.Load):
                harmless.add(id(node.value))
        stores: defaultdict[str, int] = defaultdict(int)
        for node in ast.walk(self._tree):
            match node:
                case ast.Global(names=changed) | ast.Nonlocal(names=changed):
                    if names & set(changed):
                        return True
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in _REFLECTION:
                    return True
                case ast.Name(id=name, ctx=ast.Load()) if name in names:
                    mutable = self._has_container or name == "input"
                    mutable = mutable or (self._reads_input and not scalars)
                    if mutable and id(node) not in harmless:
                        return True
                case ast.Name(id=name) if name in names:
                    stores[name] += 1
        return any(count > 1 for count in stores.values())


def _plain_assignments(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(target.id, value) for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return [(name, value)]
        case _:
            return []


def _holds_scalars(values: list[ast.expr]) -> bool:
    """Returns whether `input` is one dict literal of numbers, strings and booleans."""
    match values:
        case [ast.Dict(values=items)]:
            return all(isinstance(i, ast.Constant | ast.UnaryOp) for i in items)
        case _:
            return False
