"""Functions with tests: the call of a test is the input, and its expected value the answer.

A problem such as "Write a function to find the minimum cost path" has no answer. The composed
problem states the arguments of the first test whose arguments and value are literals, and asks for
the value. When the seed is converted, all tests decide whether the function is right, the first
included: they tell a tuple from a list, and a set from both, which have the same JSON text.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from caco.sandbox.protocol import NotSerialisable, json_text
from caco.text.answers import answer_text

_MARK = "# Tests"  # the line between a function and its tests in `Seed.program`


class NoCall(Exception):
    """A program has no test with literal arguments; the text says why."""


@dataclass(frozen=True, slots=True)
class TestedCall:
    """A call of a function and its value.

    Attributes:
        function: Name of the function.
        arguments: The source text of each argument, by parameter.
        answer: The value as the text of an answer: JSON, or a Python literal for a set, whose
            members have no order.
    """

    function: str
    arguments: dict[str, str]
    answer: str

    @property
    def question(self) -> str:
        """What is asked: the value for these arguments."""
        given = ", ".join(f"{name} = {text}" for name, text in self.arguments.items())
        return f"What does `{self.function}` return for {given}?"


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

    Raises:
        NoCall: There is none, or the texts are not valid Python.
    """
    functions = {
        node.name: node for node in parsed(program).body if isinstance(node, ast.FunctionDef)
    }
    why = "no test compares a call of its function with a literal"
    for test in _compared(parsed(tests)):
        call, expected = test.left, test.comparators[0]
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            continue
        if (function := functions.get(call.func.id)) is None:
            continue
        try:
            arguments = _bound(function, call)
            value = _json(expected, "its value")
            is_set = isinstance(expected, ast.Set)
            answer = ast.unparse(expected) if is_set else answer_text(value)
        except (ValueError, RecursionError) as e:
            why = f"`{ast.unparse(test)[:80]}`: {e}"
            continue
        if answer and arguments:
            return TestedCall(function.name, arguments, answer)
    raise NoCall(why)


def parsed(text: str) -> ast.Module:
    """Returns the syntax tree of a program.

    Raises:
        NoCall: It is not valid Python.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise NoCall(f"the source's program is not valid Python ({e})") from None


def _compared(tests: ast.Module) -> Iterator[ast.Compare]:
    """Yields the comparisons that the tests assert, at the top level and in functions."""
    blocks = [tests.body] + [n.body for n in tests.body if isinstance(n, ast.FunctionDef)]
    for node in (node for block in blocks for node in block):
        test = node.test if isinstance(node, ast.Assert) else None
        if isinstance(test, ast.Compare) and [type(op) for op in test.ops] in ([ast.Eq], [ast.Is]):
            yield test


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


def _json(node: ast.expr, what: str) -> str:
    """Returns the value of a literal as the JSON text that the sandbox gives it.

    Raises:
        ValueError: It is no literal, or JSON cannot represent it.
    """
    try:
        return json_text(ast.literal_eval(node))
    except NotSerialisable as e:
        raise ValueError(f"{what} is no JSON: {e}") from None
    except (ValueError, TypeError):  # Python's own message has an address, unlike in the next run
        raise ValueError(f"{what} is no literal") from None
