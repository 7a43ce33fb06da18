"""Numbers in running text, and texts that are numbers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.text.numbers import (
    as_number,
    exact,
    in_digits,
    is_number_word,
    mentions,
    numerals,
    without_exponents,
    without_thousands,
)


def _first(text):
    """The first reading of every mention, as plain numbers."""
    return [sorted(map(float, mention.readings[0])) for mention in mentions(text)]


def _readings(text):
    return [list(mention.readings) for mention in mentions(text)]


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
        ("Nineteen, twenty-five and ninety nine", [19, 25, 99]),
        ("two hundred and ten of a thousand", [210, 1000]),
        ("one million two hundred thousand and five", [1200005]),
        ("between two hundred and three hundred", [200, 300]),
        ("between one thousand and two thousand", [1000, 2000]),
        ("nineteen eighty-four", [19, 84]),
        ("twenty apples and a dozen pears", [20, 12]),
        ("two dozen, 3 dozens, half a dozen", [24, 36, 6]),
        ("$2.5 million and 5 hundred", [2500000, 500]),
        ("dozens of people, hundreds of them", []),
        ("half of them, 1/2, three quarters, 2/5", [0.5, 0.5, 0.75, 0.4]),
        ("2 1/2 cups, two and a half, 3 and 1/4, ten and three quarters", [2.5, 2.5, 3.25, 10.75]),
        ("one fourth, one-tenth, two-fifth, a quarter of", [0.25, 0.1, 0.4, 0.25]),
        ("12/4 on 5/6/2024", [12, 4, 5, 6, 2024]),
        ("the third place, a third person, a quarter, a second", []),
        ("the twenty-fifth of 2 third graders", [2]),
        ("a thirty-second break", [30]),
        ("zero", [0]),
    ],
)
def test_numbers_are_read_as_a_person_reads_them(text, numbers):
    assert _first(text) == [[n] for n in numbers]


def test_a_percentage_is_itself_or_its_share():
    for text in ("25%", "25 percent", "25 per cent", r"25\%"):
        assert _readings(text) == [[{Decimal(25)}, {Decimal("0.25")}]]


def test_commas_group_or_separate():
    assert _readings("100,200") == [[{Decimal(100200)}, {Decimal(100), Decimal(200)}]]
    assert _first("1,0000") == [[1], [0]]


def test_a_number_and_a_scale_are_one_number_or_the_number_of_units():
    for text in ("two dozen", "2 dozen", "two dozens"):
        assert _readings(text) == [[{24}, {2}, {2, 12}]]
        (mention,) = mentions(text)
        assert [part.value for part in mention.parts] == [2, 12]
    assert _readings("a dozen pears") == [[{12}]]


def test_cents_are_themselves_or_a_part_of_a_dollar():
    for text in ("25 cents", "twenty-five cents", "25-cent stamps"):
        assert _readings(text) == [[{Decimal(25)}, {Decimal("0.25")}]]
        (mention,) = mentions(text)
        assert [part.value for part in mention.parts] == [25, Decimal("0.25")]
    for text in ("25 centers", "25 dollars", "25 per cent"):
        assert not mentions(text)[0].parts


def test_a_fraction_is_its_value_or_its_numerals():
    assert _readings("3/4") == [[{Decimal("0.75")}, {3, 4}]]
    assert _readings("three quarters") == [[{Decimal("0.75")}, {3, 4}, {3}]]
    assert _readings("a third of it") == [[{Decimal(repr(1 / 3))}]]


@pytest.mark.parametrize(
    "text", ["one", "Two", "1", "half", "half of", "a third of", "one third", "1/2", "per dozen"]
)
def test_words_that_may_be_no_number_are_excused(text):
    assert [mention.excused for mention in mentions(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        *("three", "one dozen", "a dozen eggs", "two dozen", "two hundred", "twenty-two", "1%"),
        *("one and a half", "2 1/2", "1/3", "two thirds", "two million", "one hundred percent"),
    ],
)
def test_other_numbers_are_not(text):
    assert [mention.excused for mention in mentions(text)] == [False]


def test_a_mention_says_where_it_is():
    text = "He has \u0130 two-dozen EGGS, Half a Dozen pears and 3/4 pies"
    assert [text[m.start : m.end] for m in mentions(text)] == ["two-dozen", "Half a Dozen", "3/4"]
    (mention,) = mentions("2 1/2 dozen")
    assert [("2 1/2 dozen"[p.start : p.end], p.value) for p in mention.parts] == [
        ("2 1/2", Decimal("2.5")), ("2", 2), ("1", 1), ("2", 2), ("dozen", 12),
    ]  # fmt: skip


_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_ONES += " fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def _in_words(n, joint, link):
    if n < 20:
        return _ONES.split()[n]
    if n < 100:
        tens = _TENS.split()[n // 10 - 2]
        return f"{tens}{joint}{_in_words(n % 10, joint, link)}" if n % 10 else tens
    size, name = next(
        (size, name)
        for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred"))
        if n >= size
    )
    head = f"{_in_words(n // size, joint, ' ')} {name}"
    linked = link if n % size < 100 else " "
    return f"{head}{linked}{_in_words(n % size, joint, link)}" if n % size else head


@given(st.integers(0, 10**9 - 1), st.sampled_from(" -"), st.sampled_from([" ", " and "]))
def test_every_integer_in_words_is_read_back(n, joint, link):
    words = _in_words(n, joint, link)
    assert _first(f"There are {words} apples.") == [[n]]
    assert all(map(is_number_word, words.replace("-", " ").replace(" and ", " ").split()))


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_every_proper_fraction_is_read_as_a_program_holds_it(top, bottom):
    (first, *_) = mentions(f"{top}/{bottom}")
    assert float(first.value) == (top / bottom if top < bottom else top)


@given(st.integers())
def test_every_integer_is_read_back(n):
    assert as_number(str(n)) == n
    assert as_number(f"{n:,}") == n
    assert Decimal(n) in {v for m in mentions(f"There are {n:,} of them.") for v in m.readings[0]}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_every_decimal_is_read_back(n):
    assert as_number(f"{n:f}") == n
    assert exact(f"{n:,f}") == Fraction(n)
    assert Decimal(in_digits(n)) == n
    assert not in_digits(n).endswith((".", ".0", "-0"))


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for mention in mentions(text):
        assert mention.readings and all(mention.readings)
    as_number(text)
    assert len(without_thousands(text)) <= len(text)
    numerals(text)
    without_exponents(text)


@pytest.mark.parametrize("text", ["", "abc", "1,0000", "1/2", "1e5", "5 6", "12%", "--5"])
def test_what_is_no_number_has_no_exact_value(text):
    with pytest.raises(ValueError, match="no number"):
        exact(text)


@pytest.mark.parametrize(
    ("text", "value"), [("1,234.50", "2469/2"), ("5.", "5"), (" -.5", "-1/2"), ("+3", "3")]
)
def test_numbers_of_arithmetic_are_exact(text, value):
    assert exact(text) == Fraction(value)


def test_numerals_are_the_members_of_a_list():
    assert numerals("[100,200,.5] and x - 3") == [100, 200, Decimal("0.5"), 3]


def test_numbers_are_written_in_plain_digits():
    assert without_thousands("1,200 and 12,345,678.5; 1,2 and 1,0000") == (
        "1200 and 12345678.5; 1,2 and 1,0000"
    )
    assert (
        without_exponents("1e-05 and 2.5e3, not 2e or x1e5") == "0.00001 and 2500, not 2e or x1e5"
    )
    assert [in_digits(Decimal(n)) for n in ("1e3", "0.50", "-0.0", "7.0")] == [
        "1000",
        "0.5",
        "0",
        "7",
    ]
