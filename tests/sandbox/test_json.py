"""The guest serialises values to the same canonical JSON as the host, within a size limit."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.identity import canonical_json
from caco.sandbox.guest.program import CapturedStdout
from caco.sandbox.guest.values import Json, NotSerialisable, TooLarge

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@given(PLAIN)
def test_plain_values_serialise_as_on_the_host(value):
    assert Json(1 << 20).text(value) == canonical_json(value)


@given(PLAIN, st.integers(0, 200))
def test_no_text_exceeds_the_limit(value, limit):
    text = canonical_json(value)
    if len(text.encode()) <= limit:
        assert Json(limit).text(value) == text
    else:
        with pytest.raises(TooLarge):
            Json(limit).text(value)


@given(st.fractions())
def test_a_fraction_is_exact(value):
    read = json.loads(Json(1 << 20).text(value))
    assert Fraction(read) == value


def test_a_decimal_is_a_number():
    assert Json(100).text([Decimal("2.5"), Decimal("3")]) == "[2.5,3.0]"


@pytest.mark.parametrize(
    "value",
    [
        Decimal("nan"),
        b"bytes",
        object(),
        range(3),
        {b"k": 1},
        {"k": {None, 1j}},
        {float("nan")},
        {(1, b"k"): 1},
        {"[1]": 1, (1,): 2},
        {"1/2", Fraction(1, 2)},
        {"1": 1, 1: 2},
    ],
)
def test_values_that_json_cannot_represent(value):
    with pytest.raises(NotSerialisable):
        Json(1 << 20).text(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (set(), "[]"),
        ({10, 9, -1, 2.5}, "[-1,2.5,9,10]"),
        (frozenset({"b", "a", 2, None, True}), '[2,"a","b",null,true]'),
        ({(2, 1), (1, 3)}, "[[1,3],[2,1]]"),
        ({frozenset({3, 1}), frozenset({2})}, "[[1,3],[2]]"),
        ({"a": {Fraction(1, 2), Decimal(3)}}, '{"a":[3.0,"1/2"]}'),
        ({10**400, 1.5, -(10**400)}, f"[-1{'0' * 400},1.5,1{'0' * 400}]"),
        ({(0, 1): 2, (0, "é"): 3}, '{"[0,\\"é\\"]":3,"[0,1]":2}'),
        ({frozenset({2, 1}): 1}, '{"[1,2]":1}'),
        ({((1, 2), None): {3}}, '{"[[1,2],null]":[3]}'),
    ],
)
def test_sets_are_sorted_and_keys_become_text(value, text):
    assert Json(1 << 20).text(value) == text
    assert canonical_json(json.loads(text)) == text


@given(
    st.sets(st.integers() | st.text(st.characters(exclude_categories=["Cs"]))), st.integers(0, 99)
)
def test_a_set_has_the_text_of_its_sorted_list(members, limit):
    text = Json(1 << 20).text(members)
    assert set(json.loads(text)) == members
    if len(text.encode()) <= limit:
        assert Json(limit).text(members) == text
    else:
        with pytest.raises(TooLarge):
            Json(limit).text(members)


def test_a_subclass_does_not_change_the_order_of_a_set():
    class Reversed(int):
        def __lt__(self, other):
            return int(self) > int(other)

    assert Json(100).text({Reversed(1), Reversed(2), Reversed(3)}) == "[1,2,3]"


@given(st.lists(st.binary(max_size=20)), st.integers(0, 50))
def test_printed_text_is_truncated_at_the_limit(chunks, limit):
    stdout = CapturedStdout(limit)
    for chunk in chunks:
        assert stdout.write(chunk) == len(chunk)
    everything = b"".join(chunks)
    assert bytes(stdout.captured) == everything[:limit]
    assert stdout.truncated == (len(everything) > limit)
