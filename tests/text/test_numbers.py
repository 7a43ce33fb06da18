"""Numbers in running text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.text.numbers import as_number, mentions


def _first(text):
    """The first reading of every mention, as plain numbers."""
    return [sorted(map(float, mention[0])) for mention in mentions(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3 apples, 4 pears and 0.5 melons.", [3, 4, 0.5]),
        ("It costs $1,250.50 in 2024.", [1250.5, 2024]),
        ("A loss of -5, or \u22127", [-5, -7]),
        ("5-3 and 3x - 7", [5, 3, 3, 7]),
        ("x2 and step_4 are names", []),
        ("version 3.14.15", [3.14]),
        ("1e3 and 2.5E-2", [1000, 0.025]),
        ("Seven of the twelve", [7, 12]),
        ("[1, 2,3]", [1, 2, 3]),
        ("the 3rd of 10:30", [3, 10, 30]),
        ("(-2)", [-2]),
        (".5 of it", [0.5]),
        ("someone often has tens", []),
    ],
)
def test_numbers_are_read_as_a_person_reads_them(text, numbers):
    assert _first(text) == [[n] for n in numbers]


def test_a_percentage_is_itself_or_its_share():
    for text in ("25%", "25 percent", "25 per cent", r"25\%"):
        assert mentions(text) == [[{Decimal(25)}, {Decimal("0.25")}]]


def test_commas_group_or_separate():
    assert mentions("100,200") == [[{Decimal(100200)}, {Decimal(100), Decimal(200)}]]
    assert _first("1,0000") == [[1], [0]]


@given(st.integers())
def test_every_integer_is_read_back(n):
    assert as_number(str(n)) == n
    assert as_number(f"{n:,}") == n
    assert Decimal(n) in {v for m in mentions(f"There are {n:,} of them.") for v in m[0]}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_every_decimal_is_read_back(n):
    assert as_number(f"{n:f}") == n


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for mention in mentions(text):
        assert mention and all(mention)
    as_number(text)
