"""Wilson's interval, against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.grading.intervals import wilson


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_it_is_newcombes_table(correct, n, low, high):
    assert wilson(correct, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_and_mirrors(share):
    correct, n = share
    low, high = wilson(correct, n)
    assert 0 <= low <= correct / n <= high <= 1
    mirrored = wilson(n - correct, n)
    assert (low, high) == (pytest.approx(1 - mirrored[1]), pytest.approx(1 - mirrored[0]))


def test_nothing_asked_says_nothing_and_more_right_than_asked_is_refused():
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="5 of 3"):
        wilson(5, 3)
