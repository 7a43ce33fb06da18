"""Random samples of a run's rows, which are the same in every report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace
from typing import Generic, TypeVar

from caco.identity import digest
from caco.rows.table import Row

R = TypeVar("R", bound=Row)
T = TypeVar("T")

MEASURED = 5_000
"""The most rows of a set that are measured."""
_MIN_DRAWN, _MAX_DRAWN = 10, 1_000  # rows of the samples in the report


class SmallestDigests(Generic[T]):
    """The items whose identities have the smallest digests; memory holds those alone.

    Attributes:
        total: Number of items that were added.
    """

    def __init__(self, wanted: int) -> None:
        """Creates an empty selection.

        Args:
            wanted: Number of items to keep.
        """
        self.total = 0
        self._wanted = wanted
        self._heap: list[tuple[int, int, T]] = []

    def add(self, identity: str, item: T) -> None:
        """Adds an item."""
        self.total += 1
        entry = (-int(digest(identity)[:16], 16), -self.total, item)  # no two have one number
        if len(self._heap) < self._wanted:
            heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapreplace(self._heap, entry)

    def items(self) -> list[T]:
        """Returns the items, that with the smallest digest first."""
        return [item for *_, item in sorted(self._heap, key=lambda e: e[:2], reverse=True)]


@dataclass(frozen=True, slots=True)
class Sample(Generic[R]):
    """Some rows of a set, in the order of their digests, and the number of all."""

    rows: Sequence[R]
    total: int


def hash_sample(
    rows: Iterable[R], identity: Callable[[R], str], wanted: int = MEASURED
) -> Sample[R]:
    """Returns the rows with the smallest digests of their identities; memory holds those alone."""
    smallest: SmallestDigests[R] = SmallestDigests(wanted)
    for row in rows:
        smallest.add(identity(row), row)
    return Sample(smallest.items(), smallest.total)


def common_size(measured: Iterable[int]) -> int | None:
    """Returns the rows of a sample that every set in the report has.

    It is the size of the smallest set with at least `_MIN_DRAWN` rows; None without such a set.

    Args:
        measured: The measured rows of each set.
    """
    sizes = [rows for rows in measured if rows >= _MIN_DRAWN]
    return min([*sizes, _MAX_DRAWN]) if sizes else None
