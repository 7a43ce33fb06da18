"""Wilson's interval, compared with published values, and the bootstrap over clusters."""

import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.grading.intervals import clustered, wilson


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_matches_newcombes_table(correct, n, low, high):
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_contains_the_proportion_and_is_symmetric(counts):
    correct, n = counts
    low, high = wilson(correct, n)
    assert 0 <= low <= correct / n <= high <= 1
    mirrored = wilson(n - correct, n)
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


def test_no_trials_give_the_full_interval_and_more_successes_than_trials_are_an_error():
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="5 of 3"):
        wilson(5, 3)


def test_the_bootstrap_of_single_trials_is_close_to_the_binomial_interval():
    # Quantiles of the binomial distribution with n = 100, p = 0.3 are 21 and 39.
    low, high = clustered([(1, 1)] * 30 + [(0, 1)] * 70)
    assert low == pytest.approx(0.21, abs=0.011)
    assert high == pytest.approx(0.39, abs=0.011)


def test_trials_of_one_cluster_add_no_information():
    single = clustered([(1, 1)] * 30 + [(0, 1)] * 70)
    assert clustered([(9, 9)] * 30 + [(0, 9)] * 70) == single
    independent = clustered([(3, 10)] * 50 + [(2, 10), (4, 10)] * 25)
    assert independent[1] - independent[0] < single[1] - single[0]


def test_the_bootstrap_covers_the_proportion_of_the_clusters_that_were_drawn():
    """Clusters of 8 equal trials, a fifth of them successes: 95% intervals cover 20%."""
    covered = 0
    for seed in range(200):
        rng = Random(seed)
        low, high = clustered([(8 * (rng.random() < 0.2), 8) for _ in range(50)])
        covered += low <= 0.2 <= high
    assert 0.9 <= covered / 200 <= 0.99
    # As independent trials they would be covered far less often.
    narrow = [wilson(8 * x, 400) for x in range(51)]
    assert narrow[10][1] - narrow[10][0] < 0.09


@given(st.lists(st.integers(0, 5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))))
def test_the_bootstrap_is_deterministic_and_ignores_order_and_empty_clusters(clusters):
    low, high = clustered(clusters)
    assert 0 <= low <= high <= 1
    assert clustered([(0, 0), *clusters[::-1]]) == (low, high)


def test_equal_clusters_have_wilsons_interval_with_as_many_trials_as_clusters():
    assert clustered([(0, 7)] * 20) == wilson(0, 20)
    assert clustered([(7, 7), (2, 2)]) == wilson(2, 2)
    assert clustered([(1, 2), (2, 4)]) == wilson(1, 2)
    assert clustered([]) == (0.0, 1.0)
    with pytest.raises(ValueError, match="5 of 3"):
        clustered([(5, 3)])


def test_thousands_of_clusters_take_seconds_at_most():
    start = time.monotonic()
    clustered([(seed % 3, 60) for seed in range(170)])
    assert time.monotonic() - start < 5
