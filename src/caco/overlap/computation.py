"""Programs that compute the same under other names."""

import ast

from caco.identity import digest
from caco.syntax import tree_form


def computation_id(text: str) -> str:
    """Returns the digest of a program's normal form with its names numbered.

    Programs with the same id compute the same, whatever their variables, functions and keys are
    called. A text that does not parse is equal to itself only.
    """
    try:
        tree = ast.parse(text)
        return digest("computation", tree_form(_Numbered(tree).visit(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return digest("text", text.strip())


class _Numbered(ast.NodeTransformer):
    """Numbers the names that a program defines, in the order in which they occur."""

    def __init__(self, tree: ast.AST) -> None:
        """Finds the names of variables, parameters and functions, and the keys of dicts."""
        self._keys: set[str] = set()
        self._names: dict[str, str] = {}
        defined: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                defined.add(node.name)
            elif isinstance(node, ast.arg):
                defined.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
            elif isinstance(node, ast.Dict):
                texts = (key.value for key in node.keys if isinstance(key, ast.Constant))
                self._keys.update(key for key in texts if isinstance(key, str))
        self._defined = (defined | self._keys) - {"input", "output"}

    def _name(self, name: str) -> str:
        if name not in self._defined:
            return name
        return self._names.setdefault(name, f"_{len(self._names)}")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._name(node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._name(node.arg)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        node.arg = node.arg and self._name(node.arg)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if node.value in self._keys and isinstance(node.value, str):
            return ast.Constant(self._name(node.value))
        return node
