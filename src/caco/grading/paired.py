"""Comparison of two models that answered the same problems: p-values and intervals."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from caco.grading.intervals import resampled_mean, wilson


def sign_flip_p(differences: Sequence[int]) -> float:
    """Returns the exact two-sided p-value of the paired sign-flip test.

    Under the null hypothesis the two models are alike on each problem, so each difference is as
    likely as its negative, and the problems are independent. The p-value is the probability of a
    sum at least as far from zero as the observed one. With one answer for each problem the
    differences are -1, 0 or 1, and the test is McNemar's exact test.

    Args:
        differences: For each problem, correct answers of the first model minus those of the second.
    """
    sizes = Counter(abs(difference) for difference in differences if difference)
    reach = sum(size * problems for size, problems in sizes.items())
    probabilities = np.zeros(2 * reach + 1)  # of the sums -reach to reach
    probabilities[reach] = 1.0
    for size, problems in sizes.items():
        shifted = np.zeros_like(probabilities)
        for positive in range(problems + 1):
            share = _binomial(problems, positive)
            shifted += share * np.roll(probabilities, size * (2 * positive - problems))
        probabilities = shifted
    sums = np.abs(np.arange(-reach, reach + 1))
    return min(1.0, float(probabilities[sums >= abs(sum(differences))].sum()))


def _binomial(n: int, k: int) -> float:
    """Returns the probability of `k` heads of `n` coins."""
    return float(math.comb(n, k) / 2**n)


def paired_interval(differences: Sequence[int], answers: int, first: int) -> tuple[float, float]:
    """Returns a 95% interval of the difference of two accuracies on the same problems.

    With one answer for each problem: Newcombe's hybrid score interval (see `newcombe`). With
    several: the percentile interval of the bootstrap over problems, unless all differences are
    equal, so that resamples do not differ.

    Args:
        differences: For each problem, correct answers of the first model minus those of the second.
        answers: Answers of each model to each problem.
        first: Correct answers of the first model.
    """
    if answers > 1 and len(set(differences)) > 1:
        return resampled_mean(difference / answers for difference in differences)
    gained = sum(difference for difference in differences if difference > 0) / answers
    lost = -sum(difference for difference in differences if difference < 0) / answers
    both = first / answers - gained
    return newcombe(both, gained, lost, len(differences) - both - gained - lost)


def newcombe(both: float, gained: float, lost: float, neither: float) -> tuple[float, float]:
    """Returns the 95% interval of the difference of two proportions of the same problems.

    Newcombe's hybrid score interval for paired proportions (R. G. Newcombe, "Improved confidence
    intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17, 1998, method 10). Unlike the normal approximation, it stays within [-1, 1] and has
    a positive width where the models agree on every problem.

    Args:
        both: Problems that both solve.
        gained: Problems that only the first model solves.
        lost: Problems that only the second model solves.
        neither: Problems that neither solves. The four may be fractions; their sum is the number of
            problems.
    """
    n = round(both + gained + lost + neither)
    p1, p2 = (both + gained) / n, (both + lost) / n
    l1, u1 = wilson(both + gained, n)
    l2, u2 = wilson(both + lost, n)
    phi = _phi(both, gained, lost, neither)
    below = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    above = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    difference = p1 - p2
    low, high = difference - math.sqrt(max(0.0, below)), difference + math.sqrt(max(0.0, above))
    return max(-1.0, low), min(1.0, high)


def _phi(both: float, gained: float, lost: float, neither: float) -> float:
    """Returns the phi coefficient of the models' results, with Newcombe's continuity correction."""
    sums = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if sums == 0:
        return 0.0
    product = both * neither - gained * lost
    if product > 0:
        product = max(product - (both + gained + lost + neither) / 2, 0.0)
    return product / math.sqrt(sums)


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns the p-values with Holm's correction for several tests, in the same order.

    If each corrected value is compared with a level, the probability of at least one false
    rejection among all tests is at most that level (S. Holm, "A simple sequentially rejective
    multiple test procedure", Scandinavian Journal of Statistics 6, 1979).
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
