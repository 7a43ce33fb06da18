"""The pass rates of the corpus: how many of a model's answers to its questions are right."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from caco.rows.corpus import CorpusRow

_QUARTERS = 4
GROUPS = ["0", "to 1/4", "to 1/2", "to 3/4", "below 1", "1"]
"""The names of the ranges of a distribution; each but the last two has its upper bound."""


@dataclass(frozen=True, slots=True)
class PassRates:
    """The distribution of the pass rate over the rows that have one.

    Attributes:
        rows: Their number; the other values are 0 without rows.
        mean: The mean.
        shares: The share of the rows in each of `GROUPS`.
    """

    rows: int
    mean: float
    shares: list[float]


def pass_rates(rows: Iterable[CorpusRow]) -> PassRates:
    """Returns the distribution of the pass rate."""
    rates = Counter(row.pass_rate for row in rows if row.pass_rate is not None)
    groups: Counter[int] = Counter()
    for rate, times in rates.items():
        groups[_group(rate)] += times
    total = max(rates.total(), 1)
    return PassRates(
        rows=rates.total(),
        mean=round(sum(rate * times for rate, times in rates.items()) / total, 4),
        shares=[round(groups[number] / total, 4) for number in range(len(GROUPS))],
    )


def _group(rate: float) -> int:
    return _QUARTERS + 1 if rate == 1 else ceil(_QUARTERS * rate)


def pass_rate_json(found: PassRates) -> dict[str, Any]:
    """Returns the distribution as JSON values."""
    shares = dict(zip(GROUPS, found.shares, strict=True))
    return {"rows": found.rows, "mean": found.mean, "shares": shares}
