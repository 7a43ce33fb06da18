"""Programs that compute nothing, and programs that only resemble them."""

import ast

import pytest
from tests.stages.verify import planted

from caco.stages.verify.rules import computes_nothing


def found(body, input_literal='{"a": 3, "b": 4}'):
    return computes_nothing(ast.parse(f"input = {input_literal}\n{body}\nprint(output)\n"))


@pytest.mark.parametrize(
    "body",
    [
        "output = 12",
        "output = -12",
        "output = 'twelve'",
        "output = None",
        "output: int = 12",
        "output = result = 12",
        "result = 12\noutput = result",
        "output = [1, 2]",
        "output = (1, 2)",
        "def f(a, b):\n    return a * b\nf(**input)\noutput = 12",
        "total = input['a'] + input['b']\ntotal += 1\noutput = 12",
        "result = 12\nother = result * 2\noutput = result",
    ],
)
def test_a_constant(body):
    assert found(body) == "a constant"


@pytest.mark.parametrize(
    "body",
    [
        "output = input['a']",
        "output = input.get('a')",
        "output = input.get('c', 0)",
        "a = input['a']\noutput = a",
        "output = input",
        "def f(a, b):\n    return a * b\nf(**input)\noutput = input['a']",
        "output = [input['a'], input['b']]",
    ],
)
def test_a_copy_of_an_input(body):
    assert found(body) == "a copy of an input"


@pytest.mark.parametrize(
    "body",
    [
        "output = input['a'] * 1",
        "output = 3 * 4",
        "output = f'{3}'",
        "def f(a, b):\n    return 5\noutput = f(**input)",
        "output = int(5)",
        "output = [x for x in (1, 2)]",
        "total = 0\nfor x in [input['a']]:\n    total += x\noutput = total",
        "output = 0\nfor x in [input['a']]:\n    output += x",
        "output = 1\nif input['a'] > 2:\n    output = 2",
        "if input['a'] > 2:\n    output = 2\nelse:\n    output = 3",
        "output = 2 if input['a'] > 2 else 3",
        "result = []\nfor x in [1]:\n    result.append(x)\noutput = result",
        "output = [0]\noutput[0] = input['a'] + 1",
        "input['a'] = input['a'] * 2\noutput = input['a']",
        "input['a'] += 2\noutput = input['a']",
        "input.update(a=9)\noutput = input['a']",
        "def f(d):\n    d['a'] = 9\nf(input)\noutput = input['a']",
        "def f():\n    global output\n    output = 7\noutput = 1\nf()",
        "output = 1\nglobals()['output'] = input['a'] + 1",
        "output = 1\nexec('output = 2')",
        "for output in range(input['a']):\n    pass",
        "print(input['a'])",
        "output = output",
        "output = missing",
        "a, b = input['a'], input['b']\noutput = a",
        "output = input[max(input)]",
    ],
)
def test_values_that_may_be_computed(body):
    assert found(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "input['xs'].sort()\noutput = input['xs']",
        "xs = input['xs']\nxs.sort()\noutput = xs",
        "def f(xs):\n    xs.append(1)\nf(**input)\noutput = input['xs']",
        "def f(xs):\n    xs.append(1)\nf(input['xs'])\noutput = input['xs']",
    ],
)
def test_a_list_that_may_be_changed_in_place(body):
    assert found(body, '{"xs": [3, 1]}') is None
    assert found("output = input['xs']", '{"xs": [3, 1]}') == "a copy of an input"


def test_no_honest_program_is_trivial():
    for text in planted.generate(planted.HONEST, 300, "trivial?"):
        assert computes_nothing(ast.parse(text)) is None, text
