"""Functions with tests: the call of a test is the input, and its expected value the answer.

A problem such as "Write a function to find the minimum cost path" has no answer. The composed
problem states the arguments of the first test whose arguments and value are literals, or variables
of the test that are literals, and whose value is not empty. It asks for the value. A test of
`sorted(f(x))` says nothing of the order of `f(x)`, so the problem asks for `sorted(f(x))`. When the
seed is converted, all tests decide whether the function is right: they tell a tuple from a list,
and a set from both, which have the same JSON text.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from caco.sandbox.protocol import NotSerialisable, json_text
from caco.text.answers import answer_text

_MARK = "# Tests"  # the line between a function and its tests in `Seed.program`
_EMPTY = frozenset({"null", "[]", "{}", "set()"})  # answers
_BUILTINS = frozenset(
    {"abs", "bool", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "round"}
    | {"set", "sorted", "str", "sum", "tuple"}
)
"""Functions of Python around a call, whose value follows from that of the call."""


class NoCall(Exception):
    """A program has no test with literal arguments; the text says why."""


@dataclass(frozen=True, slots=True)
class TestedCall:
    """A call of a function and its value.

    Attributes:
        function: Name of the function.
        arguments: The source text of each argument, by parameter.
        answer: The value as the text of an answer: JSON, or a Python literal where it has a set,
            whose members have no order.
        before, after: The text around the call of which the test tells the value: `sorted(` and
            `)`; empty where it tells that of the call.
    """

    function: str
    arguments: dict[str, str]
    answer: str
    before: str = ""
    after: str = ""

    @property
    def question(self) -> str:
        """What is asked: the value for these arguments."""
        given = ", ".join(f"{name} = {text}" for name, text in self.arguments.items())
        if not self.before:
            return f"What does `{self.function}` return for {given}?"
        return f"What is `{self.value(', '.join(self.arguments))}` for {given}?"

    def value(self, arguments: str) -> str:
        """Returns the expression of the value, with a call that has these arguments."""
        return f"{self.before}{self.function}({arguments}){self.after}"


def with_tests(program: str, tests: str) -> str:
    """Returns a program with its tests, as one text."""
    lines = [*program.strip().splitlines(), "", "", _MARK, *tests.strip().splitlines()]
    return "\n".join(lines) + "\n"


def without_tests(program: str) -> tuple[str, str]:
    """Returns a program and its tests, which `with_tests` joined.

    Raises:
        NoCall: It has no tests.
    """
    code, mark, tests = program.rpartition(f"\n{_MARK}\n")
    if not mark:
        raise NoCall("the source's program has no tests")
    return code.strip(), tests


def tested_call(program: str, tests: str) -> TestedCall:
    """Returns the first call of a function of a program that a test compares with a literal.

    A call with an empty value, such as that of an empty list, is returned only if no other test has
    a value: an empty output is no answer to verify.

    Raises:
        NoCall: There is none, or the texts are not valid Python.
    """
    functions = {
        node.name: node for node in parsed(program).body if isinstance(node, ast.FunctionDef)
    }
    why, empty = "no test compares a call of its function with a literal", None
    for test, told, expected in _compared(parsed(tests, "its tests are")):
        try:
            found = _call_in(told, functions)
            if found is None:
                continue
            call, before, after = found
            function = functions[ast.unparse(call.func)]
            arguments, answer = _bound(function, call), _answer(expected)
        except (ValueError, RecursionError) as e:
            why = f"`{ast.unparse(test)[:80]}`: {e}"
            continue
        if answer and arguments:
            tested = TestedCall(function.name, arguments, answer, before, after)
            if answer not in _EMPTY:
                return tested
            empty = empty or tested
    if empty is None:
        raise NoCall(why)
    return empty


def parsed(text: str, what: str = "the source's program is") -> ast.Module:
    """Returns the syntax tree of a program.

    Args:
        text: The program.
        what: The beginning of the reason of an error.

    Raises:
        NoCall: It is not valid Python.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise NoCall(f"{what} not valid Python ({e})") from None


def _compared(tests: ast.Module) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """Yields what the tests assert, at the top level and in functions.

    Each assertion comes with an expression that may be a call, and one that may be its value. Of
    `abs(f(x) - 3.14) < 0.01` and `math.isclose(f(x), 3.14)`, which tell the value roughly, these
    are `f(x)` and `3.14`; the program decides whether its output rounds to that. `assert f(x)`
    tells that the value is true; such assertions are last.
    """
    blocks = [tests.body] + [n.body for n in tests.body if isinstance(n, ast.FunctionDef)]
    truths: list[tuple[ast.expr, ast.expr, ast.expr]] = []
    for test in (test for block in blocks for test in _asserted(block)):
        match test:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
                sides = left, right
            case ast.Compare(left=near, ops=[ast.Lt() | ast.LtE()]) | (ast.Call() as near) if (
                difference := _difference(near)
            ):
                sides = difference
            case ast.Call():
                truths.append((test, _truth(test), ast.Constant(value=True)))
                continue
            case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call):
                truths.append((test, _truth(call), ast.Constant(value=False)))
                continue
            case _:
                continue
        yield test, sides[0], sides[1]
        yield test, sides[1], sides[0]
    yield from truths


def _asserted(block: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    """Yields what a block asserts, with the values of its variables in the place of their names.

    A variable that a statement has read is unknown after it, because a function may have changed
    its value, unless it is a constant.
    """
    known: dict[str, ast.expr] = {}
    for node in block:
        added: dict[str, ast.expr] = {}
        match node:
            case ast.Assert(test=ast.BoolOp(op=ast.And(), values=tests)):
                yield from (_Values(known).visit(deepcopy(test)) for test in tests)
            case ast.Assert(test=test):
                yield _Values(known).visit(deepcopy(test))
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                added = {name: _Values(known).visit(deepcopy(value))}
            case ast.Expr():
                pass
            case _:  # a loop, `del`, `x += 1`
                known = {}
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        known = {n: v for n, v in known.items() if n not in read or isinstance(v, ast.Constant)}
        known |= added


class _Values(ast.NodeTransformer):
    """Writes known values in the place of the names of variables."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = isinstance(node.ctx, ast.Load) and node.id in self._known
        return deepcopy(self._known[node.id]) if known else node


def _truth(call: ast.Call) -> ast.Call:
    return ast.Call(func=ast.Name(id="bool", ctx=ast.Load()), args=[call], keywords=[])


def _difference(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Returns both operands of `abs(a - b)` or `math.isclose(a, b)`, or None."""
    match node:
        case ast.Call(
            func=ast.Name(id="abs"), args=[ast.BinOp(left=a, op=ast.Sub(), right=b)], keywords=[]
        ):
            return a, b
        case ast.Call(func=ast.Name(id="isclose") | ast.Attribute(attr="isclose"), args=[a, b]):
            return a, b
    return None


def _call_in(
    node: ast.expr, functions: Mapping[str, ast.FunctionDef]
) -> tuple[ast.Call, str, str] | None:
    """Returns the call of one of the functions that an expression is, and the text around it.

    Around it may be functions of Python, with literals as their other arguments. None: the
    expression has no such call.

    Raises:
        ValueError: Another argument is no literal.
    """
    before, after = "", ""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        if name in functions:
            return node, before, after
        if name not in _BUILTINS or not node.args:
            return None
        rest = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        for value in rest:
            _json(value, f"an argument of `{name}`")
        texts = [ast.unparse(value) for value in (*node.args[1:], *node.keywords)]
        before, after = f"{before}{name}(", f"{''.join(f', {text}' for text in texts)}){after}"
        node = node.args[0]
    return None


def _bound(function: ast.FunctionDef, call: ast.Call) -> dict[str, str]:
    """Returns the source text of each argument of a call, by parameter."""
    names = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    if function.args.vararg or function.args.kwarg or function.args.posonlyargs:
        raise ValueError("the parameters of the function have no names of their own")
    if len(call.args) > len(function.args.args):
        raise ValueError("it has more arguments than the function has parameters")
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in names or keyword.arg in given:
            raise ValueError("its keyword arguments are not parameters of the function")
        given[str(keyword.arg)] = keyword.value
    for name, value in given.items():
        _json(value, f"its argument `{name}`")
    return {name: ast.unparse(value) for name, value in given.items()}


def _answer(expected: ast.expr) -> str:
    """Returns the value that a test expects as the text of an answer.

    Raises:
        ValueError: It is no literal, nor a set, list, tuple, sorted list or `pytest.approx` of
            one; or JSON cannot represent it.
    """
    match expected:
        case ast.Call(func=ast.Name(id="sorted"), args=[members], keywords=[]):
            try:
                text = repr(sorted(_literal(members, "its value")))
                expected = ast.parse(text, mode="eval").body
            except TypeError:
                raise ValueError("its value cannot be sorted") from None
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[ast.List() | ast.Tuple() as value]):
            expected = value
        case ast.Call(func=ast.Name(id="approx") | ast.Attribute(attr="approx"), args=[value, *_]):
            expected = value
        case ast.Call(
            func=ast.Name(id="set" | "frozenset"),
            args=[ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts)],
        ) if elts:
            expected = ast.Set(elts)
    text = _json(expected, "its value")
    with_set = any(isinstance(node, ast.Set | ast.Call) for node in ast.walk(expected))
    return ast.unparse(_Distinct().visit(expected)) if with_set else answer_text(text)


class _Distinct(ast.NodeTransformer):
    """Removes the members of sets of literals that an earlier member equals."""

    def visit_Set(self, node: ast.Set) -> ast.Set:
        members: dict[object, ast.expr] = {}
        for member in node.elts:
            members.setdefault(ast.literal_eval(member), member)
        return ast.Set(list(members.values()))


def _json(node: ast.expr, what: str) -> str:
    """Returns the value of a literal as the JSON text that the sandbox gives it.

    Raises:
        ValueError: It is no literal, or JSON cannot represent it.
    """
    try:
        return json_text(_literal(node, what))
    except NotSerialisable as e:
        raise ValueError(f"{what} is no JSON: {e}") from None


def _literal(node: ast.expr, what: str) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):  # Python's own message has an address, unlike in the next run
        raise ValueError(f"{what} is no literal") from None
