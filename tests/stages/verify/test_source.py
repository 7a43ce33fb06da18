"""The properties of a program's text that the rules use."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.stages.verify.rules import code_lines, used_names
from caco.stages.verify.source import Source


def test_code_lines_are_neither_blank_nor_comment_nor_import():
    program = (
        "import math\nfrom math import pi\n\n# comment\n   # indented comment\nx = 1  # code\n"
        "    \nimported = 2\nfromage = 3\n"
    )
    assert code_lines(program) == 3


@given(st.text())
def test_lines_of_any_text_can_be_counted(text):
    assert 0 <= code_lines(text) <= len(text)


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
