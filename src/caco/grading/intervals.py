"""Confidence intervals of proportions."""

import math

# 97.5% quantile of the standard normal distribution: a 95% two-sided interval.
_Z = 1.959963984540054


def wilson(correct: int, n: int) -> tuple[float, float]:
    """Returns Wilson's 95% score interval of `correct` successes in `n` trials.

    Unlike the normal approximation, it stays within [0, 1] and has close to nominal coverage for
    few trials and for proportions near 0 or 1, as of small models on small benchmarks (E. B.
    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22, 1927). For `n` of 0 it is (0, 1).

    Raises:
        ValueError: `correct` is not between 0 and `n`.
    """
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is not a proportion")
    if n == 0:
        return 0.0, 1.0
    proportion, z2 = correct / n, _Z * _Z
    centre = (proportion + z2 / (2 * n)) / (1 + z2 / n)
    variance = proportion * (1 - proportion) / n
    half = _Z / (1 + z2 / n) * math.sqrt(variance + z2 / (4 * n * n))
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return low, high
