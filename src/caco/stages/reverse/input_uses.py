"""How often a program uses each of its inputs.

A program may hold a quantity once and use it for two things of the problem that are equally many,
so a question may state it as often as the program uses it.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

_NAME = "input"
_ROUNDS = 4  # of aliases: a value is rarely passed through more functions than that
_SHOWS = "print"
_TIMES = range(2, 13)  # constants that count equal quantities: `25 * 4` for four types of 25
# Functions and methods whose result does not depend on the order of a list.
_ORDER_FREE = frozenset(
    ("sum", "max", "min", "len", "sorted", "set", "frozenset", "any", "all", "Counter", "prod",
     "fsum", "mean", "median", "mode", "count", "print")
)  # fmt: skip


class Uses:
    """The uses of the inputs in a program's text; the program is not executed.

    Attributes:
        of: The number of uses by top-level key of `input`; at least 1 for a key that is read.
        constants: The numbers that the program contains outside its `input`. Left out is a 1 that
            counts the rounds of a loop (`left -= 1`): it is no quantity of a problem.
        doubles: Whether the program adds a value to itself.
    """

    def __init__(self, program: str) -> None:
        """Reads a program.

        Args:
            program: The text of a program that runs.
        """
        try:
            self._tree = ast.parse(program)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._tree = ast.Module([], [])
        self._nodes = list(ast.walk(self._tree))
        self._shown = {
            id(inner)
            for call in self._nodes
            if isinstance(call, ast.Call) and _is_name(call.func, _SHOWS)
            for inner in ast.walk(call)
        }
        self._aliases: dict[str, set[str]] = defaultdict(set)
        self._parameters = {
            node.name: [argument.arg for argument in node.args.args]
            for node in self._nodes
            if isinstance(node, ast.FunctionDef)
        }
        for _ in range(_ROUNDS):
            self._find_aliases()
        self.of = self._counted()
        self.constants = Counter(self._constants())
        self.doubles = any(map(_doubles, self._nodes))

    def _find_aliases(self) -> None:
        for node in self._nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._aliases[target.id] |= self._keys(node.value)
            elif isinstance(node, ast.Call):
                for name, value in self._passed(node):
                    self._aliases[name] |= self._keys(value)
                if any(keyword.arg is None for keyword in node.keywords):  # `solve(**input)`
                    for name in self._parameters.get(_called(node), ()):
                        self._aliases[name].add(name)

    def _passed(self, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
        """Yields the parameters of a call of the program's own functions, with their values."""
        if isinstance(call.func, ast.Name) and call.func.id in self._parameters:
            yield from zip(self._parameters[call.func.id], call.args, strict=False)
            yield from ((k.arg, k.value) for k in call.keywords if k.arg)

    def _keys(self, node: ast.expr) -> set[str]:
        """Returns the keys whose values an expression may be."""
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, set())
        key = _key(node)
        return set() if key is None else {key}

    def _counted(self) -> Counter[str]:
        passed: Counter[str] = Counter()
        computed: Counter[str] = Counter()
        kept, handed = set(), set()
        for node in self._nodes:
            if isinstance(node, ast.Assign):
                kept.add(id(node.value))
            elif isinstance(node, ast.Call):
                handed |= {id(value) for _, value in self._passed(node)}
        factors = dict(self._factors())
        for node in self._nodes:
            if id(node) in self._shown or not isinstance(node, ast.expr) or not _is_loaded(node):
                continue
            for key in self._keys(node):
                if id(node) in handed:
                    passed[key] += 1
                elif id(node) not in kept:
                    computed[key] += factors.get(id(node), 1)
        keys = passed.keys() | computed.keys()
        return Counter({key: max(passed[key], computed[key]) for key in keys})

    def _factors(self) -> Iterator[tuple[int, int]]:
        """Yields the operands of a product with a small constant, with the constant."""
        for node in self._nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Pow):
                for operand, other in ((node.left, node.right), (node.right, node.left)):
                    if isinstance(other, ast.Constant) and type(other.value) is int:
                        yield id(operand), other.value if other.value in _TIMES else 1

    def order_free(self, key: str, *, texts: bool) -> bool:
        """Tells whether every use of a list is one for which the order of its items is no matter.

        These are calls such as `sum` and `len`, also of a comprehension over the list, membership,
        and loops that only add up. Any other use counts as one that depends on the order.

        Args:
            key: The key of the list.
            texts: Whether its items are texts, whose sum depends on their order.
        """
        free: set[int] = set()
        for node in self._nodes:
            if isinstance(node, ast.Assign):
                free.add(id(node.value))
            elif isinstance(node, ast.Call):
                free |= {id(value) for _, value in self._passed(node)}
                if _called(node) in _ORDER_FREE:
                    free |= {id(argument) for argument in node.args}
                    free |= {
                        id(argument.generators[0].iter)
                        for argument in node.args
                        if isinstance(argument, ast.GeneratorExp | ast.ListComp | ast.SetComp)
                    }
                    if isinstance(node.func, ast.Attribute):
                        free.add(id(node.func.value))
            elif isinstance(node, ast.Compare):
                free |= {
                    id(right)
                    for operator, right in zip(node.ops, node.comparators, strict=True)
                    if isinstance(operator, ast.In | ast.NotIn)
                }
            elif isinstance(node, ast.For) and not texts and all(map(_adds_up, node.body)):
                free.add(id(node.iter))
        uses = [
            node
            for node in self._nodes
            if isinstance(node, ast.expr) and key in self._keys(node) and _is_loaded(node)
        ]
        return bool(uses) and all(id(node) in free for node in uses)

    def _constants(self) -> Iterator[Decimal]:
        of_loops = {id(inner) for node in self._nodes for inner in _ones_of_loops(node)}
        for statement in self._tree.body:
            if isinstance(statement, ast.Assign) and _is_name(statement.targets[0], _NAME):
                continue
            for node in ast.walk(statement):
                if (
                    isinstance(node, ast.Constant)
                    and type(node.value) in (int, float)
                    and id(node) not in of_loops
                ):
                    yield Decimal(repr(node.value))


def _ones_of_loops(node: ast.AST) -> Iterator[ast.AST]:
    """Yields each 1 by which a loop counts its rounds, or that bounds them."""
    if isinstance(node, ast.While):
        yield from filter(_is_one, ast.walk(node.test))
    elif isinstance(node, ast.Call) and _called(node) == "range":
        yield from (one for value in node.args for one in ast.walk(value) if _is_one(one))
    if not isinstance(node, ast.While | ast.For):
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.AugAssign) and _is_one(inner.value):
            yield inner.value
        elif (
            isinstance(inner, ast.Assign)
            and isinstance(inner.value, ast.BinOp)
            and _is_one(inner.value.right)
            and ast.unparse(inner.value.left) in map(ast.unparse, inner.targets)
        ):
            yield inner.value.right


def _is_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == 1


def _doubles(node: ast.AST) -> bool:
    """Tells whether a node is `x + x` or `x += x`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ast.dump(node.left) == ast.dump(node.right)
    return (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add)
        and isinstance(node.target, ast.Name)
        and _is_name(node.value, node.target.id)
    )


def _key(node: ast.expr) -> str | None:
    """Returns `k` of `input["k"]` and `input.get("k")`, of `input` under any name."""
    found: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        found = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found = node.args[0] if node.func.attr == "get" and node.args else None
    if isinstance(found, ast.Constant) and isinstance(found.value, str):
        return found.value
    return None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _called(call: ast.Call) -> str:
    """Returns the name of a called function or method."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _adds_up(statement: ast.stmt) -> bool:
    """Tells whether a statement of a loop is `total += ...`, perhaps under a condition."""
    if isinstance(statement, ast.If):
        return all(map(_adds_up, [*statement.body, *statement.orelse]))
    return isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Mult)


def _is_loaded(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
