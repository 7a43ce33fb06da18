"""The comparison of an output with the known answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.stages.unify.agreement import agrees


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("18", "18"),
        ("18.0", "18"),
        ("18.001", "18"),
        ('"18"', "18"),
        ("0", "0"),
        ('"yes"', "yes"),
        ("[1,2]", "[1, 2]"),
        ('{"a":1.5}', '{"a": 1.5}'),
        ("true", "true"),
        ('"2/3"', "2/3"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_equal_answers(output, answer):
    assert agrees(output, answer)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("18.01", "18"),
        ("1800", "18"),
        ("0.18", "18"),
        ("0.00001", "0"),
        ('"Yes"', "yes"),
        ("[2,1]", "[1, 2]"),
        ("true", "1"),
        ("1", "true"),
        ("null", "0"),
        ("18", ""),
        ('"NaN"', "1"),
        ("1e999", "18"),
        ("9" * 5000, "18"),
    ],
)
def test_different_answers(output, answer):
    assert not agrees(output, answer)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9))
def test_a_value_agrees_with_itself(value):
    assert agrees(json.dumps(value), value if isinstance(value, str) else json.dumps(value))


@given(st.integers(1, 10**12), st.sampled_from([100, 0.01]))
def test_a_factor_of_100_is_another_answer(answer, factor):
    assert not agrees(json.dumps(answer * factor), str(answer))
