"""Paired tests and intervals, compared with published values and with enumeration."""

import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.grading.paired import holm, newcombe, paired_interval, sign_flip_p


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (10, 2, 158 / 4096), (1, 0, 1.0)],
)
def test_with_one_answer_the_test_is_mcnemars(gained, lost, p):
    assert sign_flip_p([1] * gained + [-1] * lost + [0] * 3) == pytest.approx(p)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10))
def test_the_p_value_is_the_share_of_the_signs_with_as_large_a_sum(differences):
    sums = [sum(s * d for s, d in zip(signs, differences, strict=True))
            for signs in product((-1, 1), repeat=len(differences))]  # fmt: skip
    expected = sum(abs(total) >= abs(sum(differences)) for total in sums) / len(sums)
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_large_benchmarks_are_tested_exactly():
    assert 0 < sign_flip_p([1] * 2_000 + [-1] * 1_800) < 0.01
    # 5,000 problems with 16 answers to each; the normal approximation is close.
    rng = random.Random(3)
    differences = [rng.randint(-15, 16) for _ in range(5_000)]
    z = abs(sum(differences)) / math.sqrt(sum(d * d for d in differences))
    assert sign_flip_p(differences) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.03)


def test_the_paired_interval_is_newcombes():
    # Newcombe 1998 (Statistics in Medicine 17, 2635-2650), table II: (36, 12, 2, 0), method 10.
    assert newcombe(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-4)


@pytest.mark.parametrize("cells", [(9, 0, 0, 0), (0, 0, 0, 9), (4, 0, 0, 5), (0, 9, 0, 0)])
def test_the_paired_interval_has_a_positive_width_within_its_bounds(cells):
    low, high = newcombe(*cells)
    assert -1 <= low < high <= 1
    assert low <= (cells[1] - cells[2]) / sum(cells) <= high


def test_the_paired_interval_is_antisymmetric_in_the_models():
    low, high = newcombe(30, 12, 5, 20)
    assert newcombe(30, 5, 12, 20) == pytest.approx((-high, -low))


def test_the_paired_interval_has_its_nominal_coverage():
    rng = random.Random(7)
    weights = (0.4, 0.2, 0.1, 0.3)  # both, only student, only base, neither: truth 0.1
    covered = 0
    for _ in range(1_000):
        cells = [0, 0, 0, 0]
        for cell in rng.choices(range(4), weights, k=100):
            cells[cell] += 1
        low, high = newcombe(*cells)
        covered += low <= 0.1 <= high
    assert 930 <= covered <= 975


def test_the_interval_of_several_answers_is_near_the_normal_approximation():
    rng = random.Random(5)
    differences = [rng.randint(-3, 4) for _ in range(400)]
    mean = sum(differences) / 1_600
    variance = sum((d / 4 - mean) ** 2 for d in differences) / 400
    half = 1.96 * math.sqrt(variance / 400)
    low, high = paired_interval(differences, 4, first=800)
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.15 * half)


@pytest.mark.parametrize("difference", [0, 2, -1])
def test_the_interval_of_equal_differences_has_a_positive_width(difference):
    low, high = paired_interval([difference] * 30, 4, first=60)
    assert low < high and low <= difference / 4 <= high


def test_holms_correction():
    # Sorted: 4 * 0.005, 3 * 0.01, 2 * 0.03 and 0.04 raised to the value before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4]) == [0.4]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
