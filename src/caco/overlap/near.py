"""Near-duplicates within a corpus: nearly the same words, the same numbers in the same order."""

from array import array
from dataclasses import dataclass
from zlib import crc32

from caco.overlap.words import grams, is_number, words

_N = 3  # words of a shingle
_BINS = 30
_NONE = 1 << 32  # of an empty bin; above every hash
_BAND = 3  # bins of a band: at a similarity of 0.8 one of the 10 bands is equal in 99.9%


class NearDuplicates:
    """The questions of the accepted rows, and a search for one that is nearly another.

    Two questions with other numbers, or with the same in another order, are different problems. For
    the others the Jaccard similarity of their shingles counts. Candidates come from MinHash in one
    permutation (Li, Owen and Zhang, 2012): the smallest hash of each bin, in bands. Of the rows
    with a band in common, the first is compared, so that the cost of a row does not depend on the
    number of rows.
    """

    def __init__(self, similarity: float) -> None:
        """Starts without rows.

        Args:
            similarity: The smallest Jaccard similarity of a near-duplicate.
        """
        self._similarity = similarity
        self._names: list[str] = []
        self._shingles: list[array[int]] = []
        self._bands: dict[int, int] = {}

    def find(self, row: "Signature") -> tuple[str, float] | None:
        """Returns the name of the row that `row` is a near-duplicate of, and their similarity.

        Of several rows it is the most similar one, of these the first.
        """
        kept = sorted({self._bands[band] for band in row.bands if band in self._bands})
        if not kept:
            return None
        shingles = frozenset(row.shingles)
        pairs = [(_jaccard(shingles, frozenset(self._shingles[i])), -i) for i in kept]
        similarity, last = max(pairs)
        return (self._names[-last], similarity) if similarity >= self._similarity else None

    def add(self, name: str, row: "Signature") -> None:
        """Adds an accepted row."""
        for band in row.bands:
            self._bands.setdefault(band, len(self._names))
        self._names.append(name)
        self._shingles.append(row.shingles)


@dataclass(frozen=True, slots=True)
class Signature:
    """What questions are compared by.

    Attributes:
        shingles: Hashes of its shingles, each once.
        bands: Hashes of its bands.
    """

    shingles: "array[int]"
    bands: list[int]


def signature(question: str) -> Signature:
    """Returns a question's signature."""
    tokens = words(question)
    # A text of one or two words is one shingle.
    found = grams(tokens, _N) or {tuple(tokens)}
    shingles = {crc32(" ".join(gram).encode()) for gram in found}
    smallest = [_NONE] * _BINS
    for value in shingles:
        place = value % _BINS
        if value < smallest[place]:
            smallest[place] = value
    numbers = " ".join(filter(is_number, tokens))
    bands = [
        hash((crc32(numbers.encode()), first, *smallest[first : first + _BAND]))
        for first in range(0, _BINS, _BAND)
    ]
    return Signature(array("I", shingles), bands)


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / len(one | other)
