"""The difficulty of a set of rows: the distribution of each measure, and the hardest rows."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, get_args

from caco.config.checks import NumberMeasure
from caco.rows.corpus import CorpusRow
from caco.stages.corpus.difficulty import Difficulty
from caco.stages.corpus.quotas import bin_name

NUMBERS: tuple[NumberMeasure, ...] = get_args(NumberMeasure)
_BINS = (1, 2, 3, 5, 9, 17, 33)
GROUPS = [bin_name(_BINS, number) for number in range(len(_BINS) + 1)]
"""The names of the ranges of a distribution."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of a measure over the rows that have it.

    Attributes:
        rows: Their number; the other values are 0 without rows.
        mean: The mean.
        median: The middle value: of an even number, the lower one.
        high: The smallest value that at most a tenth of the rows exceeds.
        shares: The share of the rows in each of `GROUPS`.
    """

    rows: int
    mean: float
    median: int
    high: int
    shares: list[float]


Difficulties = Mapping[NumberMeasure, Distribution]


def distributions(rows: Iterable[CorpusRow | Difficulty]) -> Difficulties:
    """Returns the distribution of every measure."""
    counts: dict[NumberMeasure, Counter[int]] = {measure: Counter() for measure in NUMBERS}
    for row in rows:
        for measure, count in counts.items():
            value = getattr(row, measure)
            if value is not None:
                count[value] += 1
    return {measure: distribution(count) for measure, count in counts.items()}


def distribution(counts: Counter[int]) -> Distribution:
    """Returns the distribution of values that occur so often."""
    rows = counts.total()
    groups: Counter[int] = Counter()
    for value, times in counts.items():
        groups[bisect_right(_BINS, value)] += times
    return Distribution(
        rows=rows,
        mean=round(sum(value * times for value, times in counts.items()) / max(rows, 1), 2),
        median=_at(counts, (rows + 1) // 2),
        high=_at(counts, rows - rows // 10),
        shares=[round(groups[number] / max(rows, 1), 4) for number in range(len(GROUPS))],
    )


def _at(counts: Counter[int], place: int) -> int:
    """Returns the value at a place, from 1, in ascending order; 0 without values."""
    for value in sorted(counts):
        place -= counts[value]
        if place <= 0:
            return value
    return 0


def hardest(rows: Iterable[CorpusRow], wanted: int = 10) -> list[CorpusRow]:
    """Returns the rows with the largest difficulty, of equal ones those with most operations."""

    def order(row: CorpusRow) -> tuple[int, int, str]:
        return row.difficulty or 0, row.operations or 0, row.question_id

    return nlargest(wanted, rows, key=order)


def difficulty_json(found: Difficulties) -> dict[str, Any]:
    """Returns the distributions as JSON values."""
    return {
        measure: {
            "rows": one.rows, "mean": one.mean, "median": one.median, "p90": one.high,
            "shares": dict(zip(GROUPS, one.shares, strict=True)),
        }
        for measure, one in found.items()
    }  # fmt: skip
