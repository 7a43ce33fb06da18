"""Formatting of the benchmarks' figures."""

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float], form: str) -> str:
    """Returns `median (min..max)`, each in a format such as `,.0f`."""
    return f"{median(values):{form}} ({min(values):{form}}..{max(values):{form}})"
