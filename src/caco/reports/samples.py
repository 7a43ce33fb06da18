"""Random samples of a run's rows, which are the same in every report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace
from typing import Generic, TypeVar

from caco.identity import digest
from caco.rows.table import Row

R = TypeVar("R", bound=Row)

MEASURED = 5_000
"""The most rows of a set that are measured."""
_MIN_DRAWN, _MAX_DRAWN = 10, 1_000  # rows of the samples in the report


@dataclass(frozen=True, slots=True)
class Sample(Generic[R]):
    """Some rows of a set, in the order of their digests, and the number of all."""

    rows: Sequence[R]
    total: int


def hash_sample(
    rows: Iterable[R], identity: Callable[[R], str], wanted: int = MEASURED
) -> Sample[R]:
    """Returns the rows with the smallest digests of their identities; memory holds those alone."""
    heap: list[tuple[int, int, R]] = []
    total = 0
    for total, row in enumerate(rows, 1):
        entry = (-int(digest(identity(row))[:16], 16), -total, row)  # no two have one number
        if len(heap) < wanted:
            heappush(heap, entry)
        elif entry > heap[0]:
            heapreplace(heap, entry)
    return Sample([row for *_, row in sorted(heap, key=lambda e: e[:2], reverse=True)], total)


def common_size(measured: Iterable[int]) -> int | None:
    """Returns the rows of a sample that every set in the report has.

    It is the size of the smallest set with at least `_MIN_DRAWN` rows; None without such a set.

    Args:
        measured: The measured rows of each set.
    """
    sizes = [rows for rows in measured if rows >= _MIN_DRAWN]
    return min([*sizes, _MAX_DRAWN]) if sizes else None
