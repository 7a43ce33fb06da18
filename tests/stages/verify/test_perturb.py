"""Perturbed inputs: the same types, an otherwise unchanged text, the same in every run."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stages.verify import planted
from tests.stages.verify.rows import GOOD

from caco.stages.verify.perturb import perturbations
from caco.stages.verify.source import Source, literal_input

SCALARS = (
    st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.none()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)
INPUTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
    VALUES,
    min_size=1,
    max_size=4,
)


def perturbed_inputs(text: str, count: int = 24, name: str = "name") -> list[dict[Any, Any]]:
    literal = literal_input(Source(text))
    assert literal is not None
    return [p.input for p in perturbations(literal, name, count)]


@given(value=INPUTS, before=st.sampled_from(["", "é = 'ü'; ", "# ü\r\n", "x = '''\n\r'''\n"]))
def test_only_the_literal_changes(value, before):
    text = f"{before}input = {value!r}  # é\ny = 'ß'\n"
    literal = literal_input(Source(text))
    assert literal is not None
    assert literal.value == value
    original = ast.dump(ast.parse(text))
    assert ast.dump(ast.parse(literal.rewritten(value))) == original
    for one in perturbations(literal, "name", 24):
        tree = ast.parse(one.program)
        (node,) = [
            n.value
            for n in tree.body
            if isinstance(n, ast.Assign | ast.Expr) and isinstance(n.value, ast.Dict)
        ]
        assert repr(ast.literal_eval(node)) == repr(one.input)
        assert list(one.input) == list(value)
        assert ast.dump(ast.parse(literal.rewritten(value))) == original


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


@given(value=INPUTS)
def test_values_keep_their_type(value):
    for found in perturbed_inputs(f"input = {value!r}"):
        assert {k: kind(v) for k, v in found.items()} == {k: kind(v) for k, v in value.items()}


def shape(value: Any) -> Any:
    """Returns a value's types, lengths and signs."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shape(item) for item in value]
    if isinstance(value, str):
        return len(value)
    return value >= 0 if isinstance(value, int | float) and not isinstance(value, bool) else None


CHANGEABLE = (
    st.integers(-99, 99)
    | st.text("abcXYZ019", min_size=1, max_size=5)
    | st.lists(st.integers(1, 50), min_size=1, max_size=5)
)


@given(value=st.dictionaries(st.sampled_from("abc"), CHANGEABLE, min_size=1))
def test_the_first_perturbation_changes_every_value_but_no_sign_or_length(value):
    (found,) = perturbed_inputs(f"input = {value!r}", 1)
    for old, new in zip(value.values(), found.values(), strict=True):
        assert old != new
        assert shape(old) == shape(new)


@given(value=INPUTS, name=st.text("0123456789abcdef", min_size=4, max_size=4))
def test_perturbations_are_distinct_and_the_same_in_every_run(value, name):
    text = f"input = {value!r}"
    found = perturbed_inputs(text, name=name)
    assert found == perturbed_inputs(text, name=name)
    fewer = perturbed_inputs(text, 5, name)
    assert found[: len(fewer)] == fewer
    assert len({repr(f) for f in [value, *found]}) == len(found) + 1


def test_another_program_has_other_perturbations():
    assert perturbed_inputs(GOOD, name="a") != perturbed_inputs(GOOD, name="b")
    assert len(perturbed_inputs(GOOD)) == 24


@pytest.mark.parametrize(
    "text",
    [
        "input = dict(a=1)",
        "input = {}",
        "input = [1]",
        "input = {'a': 2 ** 8}",
        "input = {'a': {1, 2}}",
        "input = {**{'a': 1}}",
        "input = {'a': 1}\ninput = {'a': 2}",
        "input = {'a': 1e999}",
        "input = {'a': " + "9" * 4_200 + "}",
        "input = {'a': '" + "x" * 20_000 + "'}",
        "if True:\n    input = {'a': 1}",
        "def (",
        "",
    ],
)
def test_programs_without_a_literal_input(text):
    assert literal_input(Source(text)) is None


def outputs(text: str) -> set[str]:
    """Returns the outputs of a program, executed on the host, on its perturbed inputs."""
    literal = literal_input(Source(text))
    assert literal is not None
    found = set()
    for one in perturbations(literal, "name", 24):
        names: dict[str, Any] = {"print": lambda *values: None}
        try:
            exec(one.program, names)
        except (ArithmeticError, LookupError, ValueError, TypeError):
            continue
        found.add(repr(names["output"]))
    return found


@pytest.mark.parametrize(
    ("given", "expression", "also"),
    [
        ("{'a': 3, 'b': 900}", "max(input.values()) == input['b']", "False"),
        ("{'a': 50}", "input['a'] > 5000", "True"),
        ("{'a': 5000}", "input['a'] <= 17", "True"),
        ("{'a': 2.5}", "input['a'] > 999.5", "True"),
        ("{'xs': [4, 8, 15]}", "len(input['xs']) == 3", "False"),
        ("{'xs': [4, 8, 15]}", "len(set(input['xs'])) == len(input['xs'])", "False"),
        ("{'xs': [4, 8, 15], 'x': 77}", "input['x'] in input['xs']", "True"),
        ("{'d': {'ann': 4, 'bob': 5}, 'who': 'eve'}", "input['who'] in input['d']", "True"),
        ("{'a': 4}", "abs(input['a']) == input['a']", "False"),
        ("{'a': 2.5}", "round(input['a'], 1) == input['a']", "False"),
        ("{'s': 'level'}", "len(input['s'].split()) == 1", "False"),
        ("{'s': 'level'}", "input['s'].lower() == input['s']", "False"),
        ("{'s': 'two words'}", "len(input['s'].split()) == 2", "False"),
        ("{'d': {1: 'x', 2: 'y'}}", "list(input['d']) == [1, 2]", "False"),
        ("{'s': 'north'}", "input['s'] == 'south'", "True"),
        ("{'on': False}", "input['on']", "True"),
        ("{'a': 3, 'b': 1}", "input['b'] == 1", "False"),
    ],
)
def test_an_output_that_is_rarely_different_changes(given, expression, also):
    assert also in outputs(f"input = {given}\noutput = {expression}\n")


def test_perturbed_programs_parse():
    for text in planted.generate(planted.HONEST, 60, "perturbed"):
        literal = literal_input(Source(text))
        assert literal is not None
        for one in perturbations(literal, "name", 24):
            ast.parse(one.program)
