"""Arithmetic in worked solutions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.text.arithmetic import (
    Negative,
    Number,
    Operation,
    literal,
    numbers,
    parse,
    python,
    value,
)
from caco.text.numbers import exact

_NUMBERS = st.integers(0, 99).map(lambda n: Number(Fraction(n)))
TREES = st.recursive(
    _NUMBERS,
    lambda inner: st.one_of(
        inner.map(Negative),
        st.builds(Operation, st.sampled_from("+-*/"), inner, inner),
    ),
    max_leaves=8,
)


def as_python(tree):
    return python(tree, lambda found: (literal(found.value), 5))


@given(TREES)
def test_written_as_python_it_has_the_same_value(tree):
    try:
        exact = value(tree)
    except ValueError:
        return
    assert eval(as_python(tree).replace("/", "*F(1)/"), {"F": Fraction}) == exact or (
        float(exact) == pytest.approx(eval(as_python(tree)), rel=1e-9, abs=1e-9)
    )


@given(TREES)
def test_written_as_python_it_is_read_back(tree):
    again = parse(as_python(tree))
    assert as_python(again) == as_python(tree)
    assert numbers(again) == numbers(tree)


@given(st.text(alphabet="0123456789.,+-*/()%x^ $[]", max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        tree = parse(text)
        value(tree)
    except ValueError:
        return
    assert numbers(tree)


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("48/2", 24),
        ("12 x 3", 36),
        ("12\u00d73", 36),
        ("$1,200 - $.50", Fraction("1199.5")),
        ("20%*50", 10),
        ("2(3+4)", 14),
        ("(1+2)(3)", 9),
        ("-3+5", 2),
        ("2^3", 8),
        ("8-2-1", 5),
        ("8/2/2", 2),
        ("5.", 5),
    ],
)
def test_people_write_arithmetic_in_many_ways(text, worth):
    assert value(parse(text)) == worth


@pytest.mark.parametrize("text", ["", "2+", "a+1", "(2", "2)", "1/0", "2^999", "3//2", "0^-1"])
def test_what_is_no_arithmetic_is_refused(text):
    with pytest.raises(ValueError):
        value(parse(text))


def test_numbers_are_exact():
    assert exact("0.1") == Fraction(1, 10)
    assert literal(Fraction(1, 4)) == "0.25"


@pytest.mark.parametrize(
    "text", ["(" * 100_000 + "1", "-" * 100_000 + "1", "1+" * 100_000 + "1", "(9^64)^64"]
)
def test_what_no_solution_contains_is_an_error_at_once(text):
    with pytest.raises(ValueError, match=r"deep|more than|too large"):
        value(parse(text))
