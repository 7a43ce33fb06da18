"""The diversity of problems by their vectors, where the section `embedding` is configured.

The Vendi score of n texts (Friedman and Dieng, arXiv 2210.02410) is the exponential of the entropy
of the eigenvalues of K / n, where K has their cosines: so many texts without any similarity are as
diverse. It grows with n, and so does the similarity to the nearest other text: both are means over
disjoint random samples of one size for all sets.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caco.errors import UserError
from caco.reports.quality.samples import common_size, hash_sample
from caco.rows.embedding import Embedding
from caco.rows.table import read_rows
from caco.vectors import matrix

_NONE = "-"


@dataclass(frozen=True, slots=True)
class VectorFiles:
    """The files of vectors.

    Attributes:
        seeds: Vectors of the training seeds, by source (`Embedding` rows).
        questions: Vectors of the checked questions, by shard (`Embedding` rows).
    """

    seeds: Sequence[Path] = ()
    questions: Sequence[Path] = ()


NO_VECTORS = VectorFiles()
"""The files of a run without the section `embedding`."""


@dataclass(frozen=True, slots=True)
class VectorDiversity:
    """The diversity of a set of vectors.

    Attributes:
        stage: The stage whose accepted rows have the texts; each text counts once.
        rows: The texts of the set with a vector; of the corpus, those among its measured rows.
        measured: The number of those that were measured: all, or a random sample.
        drawn: The texts of each sample of `vendi` and `nearest`; None if fewer were measured.
        vendi: The Vendi score of so many texts, from 1 (all equal) to `drawn`.
        of_seeds: The same as a share of the seeds' score.
        nearest: The mean cosine of a text to the most similar other one of its sample.
        alike: The mean cosine of two different texts; None with less than two.
    """

    stage: str
    rows: int
    measured: int
    drawn: int | None
    vendi: float | None
    of_seeds: float | None
    nearest: float | None
    alike: float | None

    @property
    def cells(self) -> list[str]:
        """The numbers in the report."""
        return [
            f"{self.rows:,}",
            _NONE if self.vendi is None else f"{self.vendi:,.1f}",
            _NONE if self.of_seeds is None else f"{self.of_seeds:.0%}",
            _NONE if self.nearest is None else f"{self.nearest:.3f}",
            _NONE if self.alike is None else f"{self.alike:.3f}",
        ]

    @property
    def json(self) -> dict[str, Any]:
        """The numbers as JSON values."""
        values = {name: getattr(self, name) for name in ("vendi", "of_seeds", "nearest", "alike")}
        return {
            "rows": self.rows,
            "measured": self.measured,
            "drawn": self.drawn,
            **{name: None if v is None else round(v, 5) for name, v in values.items()},
        }


def embedding_diversity(files: VectorFiles, corpus: Set[str]) -> list[VectorDiversity]:
    """Returns the diversity of seeds, checked questions and corpus; empty without vectors.

    Memory holds at most `MEASURED` vectors of each set, whatever the number of rows.

    Args:
        files: The files of vectors.
        corpus: Ids of questions of the corpus: all, or those of a random sample.

    Raises:
        UserError: A file is unreadable, or the vectors are of several models.
    """
    models: set[str] = set()
    found = []
    for stage, paths, of in (
        ("seeds", files.seeds, None),
        ("check", files.questions, None),
        ("corpus", files.questions, corpus),
    ):
        sample = hash_sample(_with_vectors(paths, models, of), lambda row: row.text_id)
        found.append((stage, sample.total, [row.vector for row in sample.rows if row.vector]))
    drawn = common_size(len(vectors) for _, _, vectors in found)
    measured = [_measured(*one, drawn) for one in found if one[2]]
    seeds = next((one.vendi for one in measured if one.stage == "seeds"), None)
    return [
        replace(one, of_seeds=one.vendi / seeds) if one.vendi and seeds else one for one in measured
    ]


def _with_vectors(
    paths: Iterable[Path], models: set[str], wanted: Set[str] | None
) -> Iterator[Embedding]:
    """Yields the rows with a vector, of `wanted` texts or of all; `models` gets their models."""
    for path in paths:
        for row in read_rows(path, Embedding):
            models.add(row.model)
            if len(models) > 1:
                raise UserError(
                    f"{path}: its vectors are of the model {row.model}, others are not; delete "
                    "`embeddings/` and `problem_embeddings/` of the run and run again"
                )
            if row.vector is not None and (wanted is None or row.text_id in wanted):
                yield row


def _measured(
    stage: str, rows: int, vectors: Sequence[bytes], drawn: int | None
) -> VectorDiversity:
    """Returns the diversity of a set, not yet compared with the seeds."""
    whole = matrix(vectors)
    size = drawn if drawn is not None and drawn <= len(whole) else None
    samples = (
        [whole[at : at + size] for at in range(0, len(whole) - size + 1, size)] if size else []
    )
    return VectorDiversity(
        stage=stage,
        rows=rows,
        measured=len(whole),
        drawn=size,
        vendi=float(np.mean([vendi_score(s) for s in samples])) if samples else None,
        of_seeds=None,
        nearest=float(np.mean([_nearest(s) for s in samples])) if samples else None,
        alike=_alike(whole),
    )


def vendi_score(vectors: NDArray[np.float32]) -> float:
    """Returns the Vendi score of vectors of length 1, with their cosines as the similarity.

    Args:
        vectors: [texts, dimensions]; at least one.
    """
    texts, dimensions = vectors.shape
    # Both products have the same eigenvalues, except for zeros.
    product = vectors @ vectors.T if texts <= dimensions else vectors.T @ vectors
    values = np.linalg.eigvalsh(product.astype(np.float64)) / texts
    positive = values[values > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def _nearest(vectors: NDArray[np.float32]) -> float:
    """Returns the mean cosine of a text to the most similar other one; at least two texts."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return float(cosines.max(axis=1).mean())


def _alike(vectors: NDArray[np.float32]) -> float | None:
    """Returns the mean cosine of two different texts; the square of their sum has all pairs."""
    texts = len(vectors)
    if texts < 2:
        return None
    total = vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - texts) / (texts * (texts - 1)))
