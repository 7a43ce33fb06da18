"""The Code CoT form (the paper's stage 1): what a program must consist of."""

import ast


def departs(program: str) -> str | None:
    """Returns how a program departs from the form, in a sentence, or None.

    The form: a non-empty dict literal assigned to `input`, functions that carry the reasoning, the
    result assigned to `output`, and `output` printed. Text that is no Python departs from nothing
    here: the sandbox tells that.
    """
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    given = [getattr(node, "value", None) for node in tree.body if _assigns(node, "input")]
    if not any(isinstance(value, ast.Dict) and value.keys for value in given):
        return "it assigns no non-empty dict to `input`"
    if not any(isinstance(node, ast.FunctionDef) for node in tree.body):
        return "it defines no function"
    if not any(_assigns(node, "output") for node in ast.walk(tree)):
        return "it assigns nothing to `output`"
    if not any(_prints_output(node) for node in ast.walk(tree)):
        return "it does not print `output`"
    return None


def _assigns(node: ast.AST, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return isinstance(node, ast.Assign | ast.AnnAssign) and any(
        isinstance(target, ast.Name) and target.id == name for target in targets
    )


def _prints_output(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and any(isinstance(n, ast.Name) and n.id == "output" for n in ast.walk(node))
    )
