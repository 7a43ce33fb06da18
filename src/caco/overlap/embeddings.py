"""The layer `embedding`: questions whose vectors are similar to those of a benchmark's problems."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from caco.vectors import matrix

_BLOCK = 1_024  # rows compared at once: with 10,000 items, their cosines take 41 MB
_ROUNDING = 1e-5  # of float16: the cosine of a vector with itself may be less than 1


@dataclass(frozen=True, slots=True)
class Nearest:
    """The item whose vector is the most similar to that of a row.

    Attributes:
        item: The item's name: `problem 3f of gsm8k`.
        cosine: The cosine of both vectors.
    """

    item: str
    cosine: float

    @property
    def reason(self) -> str:
        """The item as the reason of a rejection."""
        return f"{self.cosine:.3f} is the cosine to {self.item} (layer embedding)"


class EmbeddedItems:
    """The vectors of the items that rows are compared with."""

    def __init__(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Keeps the vectors in memory, in single precision.

        Args:
            items: Names and vectors (`caco.vectors.stored`).
        """
        named = dict(items)
        self._names = list(named)
        self._vectors = matrix(list(named.values())) if named else None

    def nearest(
        self, rows: Iterable[tuple[str, bytes]], threshold: float
    ) -> Iterator[tuple[str, Nearest | None]]:
        """Yields each row with the most similar item, if its cosine is at least `threshold`.

        The rows are compared in blocks, so that memory does not grow with their number. Of items
        with one cosine, the first is named.

        Args:
            rows: Names and vectors of the same model.
            threshold: The smallest cosine.
        """
        queue = iter(rows)
        while block := list(islice(queue, _BLOCK)):
            if self._vectors is None:
                yield from ((name, None) for name, _ in block)
                continue
            cosines = matrix([vector for _, vector in block]) @ self._vectors.T
            best = cosines.argmax(axis=1).tolist()
            for (name, _), place, cosine in zip(block, best, cosines.max(axis=1), strict=True):
                near = cosine >= threshold - _ROUNDING
                yield name, Nearest(self._names[place], min(float(cosine), 1.0)) if near else None
