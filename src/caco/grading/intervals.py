"""How sure a share is."""

import math

# The standard normal's 97.5% quantile: 95% two-sided.
_Z = 1.959963984540054


def wilson(correct: int, n: int) -> tuple[float, float]:
    """Returns Wilson's 95% score interval of `correct` successes in `n` trials.

    Unlike the normal approximation it stays within [0, 1] and is honest for few trials and for
    shares near 0 or 1, which is where small models on small benchmarks are (Wilson 1927).

    Raises:
        ValueError: `correct` is not within 0 and `n`.
    """
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    share, z2 = correct / n, _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return low, high
