"""Confidence intervals of proportions."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random

import numpy as np

# 97.5% quantile of the standard normal distribution: a 95% two-sided interval.
_Z = 1.959963984540054
_RESAMPLES = 2000
_CUT = _RESAMPLES // 40  # 2.5% of the resamples lie below the interval, 2.5% above
_SEED = 0


def wilson(correct: float, n: int) -> tuple[float, float]:
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


def clustered(clusters: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Returns a 95% interval of a proportion whose trials are independent between clusters only.

    The percentile interval of the bootstrap over clusters: each of 2,000 resamples draws as many
    clusters as there are, with replacement and with all of their trials (B. Efron and R. J.
    Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; A. C. Davison and D. V.
    Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8, on resampling of
    clusters). The draws have a fixed seed, and the order of the clusters has no effect.

    Where every cluster has the same proportion, as without a success, resamples do not differ. The
    interval is then Wilson's with as many trials as clusters. Without trials it is (0, 1).

    Args:
        clusters: Successes and trials of each cluster.

    Raises:
        ValueError: The successes of a cluster are not between 0 and its trials.
    """
    found = tuple(sorted((correct, n) for correct, n in clusters if n or correct))
    for correct, n in found:
        if not 0 <= correct <= n:
            raise ValueError(f"{correct} of {n} is not a proportion")
    if len({correct / n for correct, n in found}) <= 1:
        correct, n = found[0] if found else (0, 1)
        return wilson(len(found) * correct / n, len(found))
    return _percentiles(found)


def resampled_mean(values: Iterable[float]) -> tuple[float, float]:
    """Returns a 95% interval of the mean of independent values, of which few are distinct.

    The percentile interval of the bootstrap: each of 2,000 resamples draws as many values as there
    are, with replacement. The draws have a fixed seed, and the order of the values has no effect.

    Args:
        values: At least one value.
    """
    distinct, counts = np.unique(list(values), return_counts=True)
    n = int(counts.sum())
    draws = np.random.default_rng(_SEED).multinomial(n, counts / n, size=_RESAMPLES)
    means = np.sort(draws @ distinct / n)
    return float(means[_CUT]), float(means[-1 - _CUT])


def mean_share(shares: Sequence[float], binary: bool) -> tuple[float, float]:
    """Returns a 95% interval of the mean of shares between 0 and 1, one for each problem.

    Wilson's where a share is 0 or 1, otherwise that of `resampled_mean`. Where all shares are
    equal, resamples do not differ, and the interval is Wilson's as well.

    Args:
        shares: At least one share.
        binary: Whether each share can only be 0 or 1.
    """
    if binary or len(set(shares)) == 1:
        return wilson(sum(shares), len(shares))
    return resampled_mean(shares)


@cache  # most kinds of rows have one of a few results
def _percentiles(clusters: tuple[tuple[int, int], ...]) -> tuple[float, float]:
    rng = Random(_SEED)
    shares = []
    for _ in range(_RESAMPLES):
        drawn = rng.choices(clusters, k=len(clusters))
        shares.append(sum(correct for correct, _ in drawn) / sum(n for _, n in drawn))
    shares.sort()
    return shares[_CUT], shares[-1 - _CUT]
