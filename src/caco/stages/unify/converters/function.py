"""The converter `function`: a program whose function without parameters returns the answer.

Its named numbers become entries of `input` if the problem states them, and parameters of the
function. A number that the problem does not state is no input: it must be a usual constant.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from caco.config.checks import ProgramRules
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import (
    calling_program,
    convert_seeds,
    executed_code_cots,
    source_tree,
)
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.stated_quantities import stated_quantities
from caco.stages.unify.usual_constants import usual
from caco.stages.unify.words import stems


def code_cots(
    seeds: Iterable[Seed], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    return executed_code_cots(convert_seeds(seeds, from_function), "function", rules, sandbox)


def from_function(seed: Seed) -> str:
    """Returns the seed's program as a Code CoT.

    Raises:
        NotConvertible: The program has not one function without parameters, or a number of the
            problem has no name in it (`not_convertible`); more names have a value than the problem
            states it (`ambiguous`); a number is neither stated nor a usual constant
            (`unexplained_constant`); it uses no number of the problem (`no_stated_number`).
    """
    text = (seed.program or "").expandtabs(4)
    function = _function(text)
    stated = _stated(seed.problem)
    words = frozenset(stems(seed.problem))
    inputs = _named_numbers(function, stated)
    removed = [*inputs.values(), *_unused(function, inputs), *_docstring(function)]
    kept = [node for node in function.body if node not in removed]
    for node in (node for part in kept for node in ast.walk(part)):
        _require_explained(node, stated, words)
    used = {name: node for name, node in inputs.items() if _reads(kept, name)}
    if not used:
        raise NotConvertible("its program uses no number of the problem", "no_stated_number")
    counts = Counter(_number(node.value) for node in used.values())
    for number, count in counts.items():
        if number is not None and count > stated[number]:
            raise NotConvertible(
                f"{count} names of its program have the value {number}, which the problem states "
                f"{stated[number]} times",
                "ambiguous",
            )
    entries = ", ".join(f'"{name}": {ast.unparse(node.value)}' for name, node in used.items())
    code = _rewritten(text, function, removed, list(used))
    return calling_program(f"{{{entries}}}", code, f"{function.name}(**input)")


def _function(text: str) -> ast.FunctionDef:
    tree = source_tree(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = [node for node in functions if not ast.unparse(node.args)]
    others = [n for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom)]
    if len(found) != 1 or len(others) != len(functions):
        raise NotConvertible(
            "the source's program must consist of imports and functions, one without parameters"
        )
    if found[0].decorator_list or found[0].body[0].lineno == found[0].lineno:
        raise NotConvertible("its function has a decorator, or is one line")
    return found[0]


def _stated(problem: str) -> Counter[Fraction]:
    """Returns how often a problem states each number; 20% is 20 and 0.2."""
    found = Counter[Fraction]()
    for quantity in stated_quantities(problem):
        found[quantity.value] += 1
        if quantity.percent or quantity.cents:
            found[quantity.value / 100] += 1
    return found


def _named_numbers(function: ast.FunctionDef, stated: Counter[Fraction]) -> dict[str, ast.Assign]:
    """Returns the first assignments of a stated number to a name, by name."""
    found: dict[str, ast.Assign] = {}
    assigned: set[str] = set()
    for node in function.body:
        stores = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
                  and isinstance(n.ctx, ast.Store)}  # fmt: skip
        if isinstance(node, ast.Assign) and [type(t) for t in node.targets] == [ast.Name]:
            number = _number(node.value)
            # A negative number is not what the problem states: "lost 48" is not -48.
            if number is not None and number >= 0 and number in stated and not stores & assigned:
                found[stores.pop()] = node
                continue
        assigned |= stores
    return found


def _number(node: ast.expr) -> Fraction | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return sign * Fraction(str(node.value))
    return None


def _unused(function: ast.FunctionDef, inputs: dict[str, ast.Assign]) -> list[ast.stmt]:
    """Returns the assignments of a number to a name that nothing reads."""
    return [
        node
        for node in function.body
        if isinstance(node, ast.Assign)
        and _number(node.value) is not None
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id not in inputs
        and not _reads(function.body, node.targets[0].id)
    ]


def _docstring(function: ast.FunctionDef) -> list[ast.stmt]:
    return function.body[:1] if ast.get_docstring(function) is not None else []


def _reads(nodes: list[ast.stmt], name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Store)
        for part in nodes
        for node in ast.walk(part)
    )


def _require_explained(node: ast.AST, stated: Counter[Fraction], words: frozenset[str]) -> None:
    """Raises `NotConvertible` for a number of the body that is no usual constant."""
    number = _number(node) if isinstance(node, ast.Constant) else None
    if number is None or number in (0, 1):
        return
    if number in stated:
        raise NotConvertible(f"the number {number} of the problem has no name in its program")
    if next(usual(number, words), None) is None:
        raise NotConvertible(
            f"the problem does not state the number {number} of its program",
            "unexplained_constant",
        )


def _rewritten(
    text: str, function: ast.FunctionDef, removed: list[ast.stmt], names: list[str]
) -> str:
    """Returns the program with parameters in place of its inputs, and its other lines."""
    lines = text.splitlines()
    gone = {n for node in removed for n in range(node.lineno, (node.end_lineno or 0) + 1)}
    if gone & {n for node in function.body if node not in removed
               for n in range(node.lineno, (node.end_lineno or 0) + 1)}:  # fmt: skip
        raise NotConvertible("two statements of its program share a line")
    for number in range(function.lineno, function.body[0].lineno):
        gone.add(number)
    head = f"def {function.name}({', '.join(names)}):"
    kept = [head if n == function.lineno else line for n, line in enumerate(lines, start=1)
            if n == function.lineno or n not in gone]  # fmt: skip
    return "\n".join(line for line in kept if line.strip()).strip()
