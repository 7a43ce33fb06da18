"""The properties of a program's text that the rules use."""

import ast

import pytest

from caco.stages.verify.rules import logical_lines, used_names
from caco.stages.verify.source import Source


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("import math\nfrom math import pi\n\n# comment\nx = 1  # code\nimported = 2\n", 2),
        ("x = 1; y = 2", 2),
        ("x = {\n    'a': 1,\n    'b': 2,\n}\n", 1),
        ("def f(n): return 2 * n", 2),
        ('def f(n):\n    """Doubles."""\n    pass\n    return 2 * n', 2),
        ("for n in x:\n    if n:\n        y = n\n    else:\n        y = 1\n", 4),
        ("", 0),
    ],
)
def test_logical_lines_are_statements_in_any_layout(text, lines):
    tree = ast.parse(text)
    assert logical_lines(tree) == lines
    assert logical_lines(ast.parse(ast.unparse(tree))) == lines


@pytest.mark.parametrize(
    "use",
    [
        "def f(key): pass",
        "print(key)",
        "f(key=1)",
        "x.key",
        "class key: pass",
        'input["key"]',
        "data['key']",
        'def f(d): return d.get("key", 0)',
        'lambda d: d.pop("key")',
    ],
)
def test_use_of_a_key(use):
    assert "key" in used_names(ast.parse(f'input = {{"key": 1}}\n{use}\n'))


@pytest.mark.parametrize(
    "no_use",
    [
        "",
        "print('key')",
        "# key",
        '"""key"""',
        'input["key"] = 2',
        "input = dict(key=1)",
        "input: dict = dict(key=1)",
        'label = {"key": 1}',
    ],
)
def test_not_a_use_of_a_key(no_use):
    assert "key" not in used_names(ast.parse(f'input = {{"key": 1}}\n{no_use}\n'))


def test_integer_keys_are_compared_as_json_writes_them():
    assert "7" in used_names(ast.parse("input = {7: 1}\nprint(input[7])"))


@pytest.mark.parametrize("text", ["def (", "x = 1\0", "\ud800", f"{'(' * 500}1{')' * 500}"])
def test_a_text_that_does_not_parse_has_no_tree(text):
    assert Source(text).tree is None


def test_a_tree_is_parsed_once():
    source = Source("x = 1")
    assert source.tree is not None
    assert source.tree is source.tree
