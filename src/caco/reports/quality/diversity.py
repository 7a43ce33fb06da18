"""The diversity of a set of texts, in numbers that do not depend on the size of the set.

A template is a text with its numbers masked. The expected number of templates in a random sample of
so many rows is computed exactly from the counts (rarefaction; Hurlbert, 1971), and in the same way
that of 3-grams, which is distinct-n (Li et al., arXiv 1510.03055) with a sample of one size for all
sets. The probability that two rows are alike is Simpson's (1949), in its unbiased form.
"""

import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log2
from typing import Any

from caco.overlap.words import MASK, masked, words
from caco.syntax import family_id

_N = 3  # tokens of an n-gram
_LAYOUT = frozenset(
    {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
)  # fmt: skip
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_PIECES = re.compile(r"\w+|[^\w\s]")
_LIST = re.compile(rf"{MASK}(?: , {MASK})+")


@dataclass(frozen=True, slots=True)
class Classes:
    """How many classes a set has, such as templates, and of how many rows.

    Attributes:
        sizes: The number of classes with 1, 2, ... rows.
    """

    sizes: Counter[int]

    @classmethod
    def of(cls, classes: Iterable[object]) -> "Classes":
        """Counts the classes of rows."""
        return cls(Counter(Counter(classes).values()))

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(size * times for size, times in self.sizes.items())

    @property
    def distinct(self) -> int:
        """The number of classes."""
        return self.sizes.total()

    @property
    def entropy(self) -> float:
        """Shannon's entropy in bits: 0 if all rows are alike."""
        rows = self.rows
        return sum(-times * size / rows * log2(size / rows) for size, times in self.sizes.items())

    @property
    def alike(self) -> float | None:
        """The probability that two different rows are of one class; None with less than two."""
        rows = self.rows
        if rows < 2:
            return None
        pairs = sum(times * size * (size - 1) for size, times in self.sizes.items())
        return pairs / (rows * (rows - 1))


def expected(sizes: Counter[int], rows: int, drawn: int) -> float:
    """Returns the expected number of classes in `drawn` rows, drawn without replacement.

    Args:
        sizes: How many classes occur in 1, 2, ... of the rows.
        rows: The number of rows.
        drawn: At most `rows`.
    """
    return sum(times * (1 - _none_of(size, rows, drawn)) for size, times in sizes.items())


def _none_of(size: int, rows: int, drawn: int) -> float:
    """Returns the probability that none of `size` rows is among the drawn ones."""
    if size + drawn > rows:
        return 0.0
    without = lgamma(rows - size + 1) - lgamma(rows - size - drawn + 1)
    return exp(without + lgamma(rows - drawn + 1) - lgamma(rows + 1))


@dataclass(frozen=True, slots=True)
class Diversity:
    """The diversity of a set of texts.

    Attributes:
        stage: The stage whose accepted rows have the texts.
        kind: `problems` or `programs`.
        rows: The number of rows of the set.
        measured: The number of rows that were measured: all, or a sample.
        templates: The templates of the measured rows.
        families: The families of the programs (equal but for their `input`); None for problems.
        grams: How many 3-grams occur in 1, 2, ... of the measured rows.
    """

    stage: str
    kind: str
    rows: int
    measured: int
    templates: Classes
    families: Classes | None
    grams: Counter[int]

    def distinct_templates(self, drawn: int) -> float | None:
        """Returns the expected templates of so many rows; None if fewer were measured."""
        if not 0 < drawn <= self.measured:
            return None
        return expected(self.templates.sizes, self.measured, drawn)

    def distinct_families(self, drawn: int) -> float | None:
        """Returns the expected families of so many rows; None if fewer were measured."""
        if self.families is None or not 0 < drawn <= self.measured:
            return None
        return expected(self.families.sizes, self.measured, drawn)

    def distinct_grams(self, drawn: int) -> float | None:
        """Returns the expected share of different 3-grams in so many rows.

        None if fewer were measured, or none has a 3-gram.
        """
        total = sum(size * times for size, times in self.grams.items())
        if not (0 < drawn <= self.measured and total):
            return None
        return expected(self.grams, self.measured, drawn) / (drawn * total / self.measured)


def diversity_json(one: Diversity, drawn: Sequence[int]) -> dict[str, Any]:
    """Returns the numbers of a set as JSON values.

    Args:
        one: The set.
        drawn: The sizes of the samples; numbers for more rows than were measured are null.
    """
    return {
        "rows": one.rows,
        "measured": one.measured,
        "templates": _json(one.templates, one.distinct_templates, drawn),
        **({"families": _json(one.families, one.distinct_families, drawn)} if one.families else {}),
        "distinct_3": {str(rows): _rounded(one.distinct_grams(rows)) for rows in drawn},
    }


def _json(
    classes: Classes, distinct: Callable[[int], float | None], drawn: Sequence[int]
) -> dict[str, Any]:
    return {
        "distinct": classes.distinct,
        "expected": {str(rows): _rounded(distinct(rows)) for rows in drawn},
        "entropy_bits": _rounded(classes.entropy),
        "alike": _rounded(classes.alike),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def diversity(stage: str, kind: str, rows: int, texts: Sequence[str]) -> Diversity:
    """Returns the diversity of a set.

    Args:
        stage: The stage whose rows they are.
        kind: `problems` or `programs`.
        rows: The number of rows of the set.
        texts: The problems or programs of the measured rows.
    """
    tokens: Callable[[str], list[str]] = program_tokens if kind == "programs" else problem_tokens
    forms: Counter[int] = Counter()
    grams: Counter[int] = Counter()
    for text in texts:
        form = tokens(text)
        forms[hash(tuple(form))] += 1
        grams.update({hash(gram) for gram in zip(*(form[i:] for i in range(_N)), strict=False)})
    families = Classes.of(family_id(text) for text in texts) if kind == "programs" else None
    return Diversity(
        stage=stage,
        kind=kind,
        rows=rows,
        measured=len(texts),
        templates=Classes(Counter(forms.values())),
        families=families,
        grams=Counter(grams.values()),
    )


def problem_tokens(text: str) -> list[str]:
    """Returns the words of a problem, its numbers masked."""
    return masked(words(text))


def program_tokens(text: str) -> list[str]:
    """Returns the tokens of a program without comments, its numbers and lists of them masked."""
    try:
        found = [
            MASK
            if token.type == tokenize.NUMBER
            else _DIGITS.sub(MASK, token.string)
            if token.type == tokenize.STRING
            else token.string
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type not in _LAYOUT
        ]
    except (SyntaxError, tokenize.TokenError):  # a sampled program need not be valid
        found = [_DIGITS.sub(MASK, piece) for piece in _PIECES.findall(text)]
    return _LIST.sub(MASK, " ".join(found)).split(" ")
