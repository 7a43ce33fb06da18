"""The comparison of the questions' vectors with those of the benchmarks' problems."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from caco.errors import UserError
from caco.overlap.embeddings import EmbeddedItems
from caco.rows.embedding import Embedding
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows
from caco.runtime.progress import Progress


class Embedded:
    """The questions of the corpus that have a vector, and the problems near them."""

    def __init__(
        self, shards: Sequence[Path], benchmarks: Sequence[Path], threshold: float
    ) -> None:
        """Compares every question; memory holds the problems' vectors and the questions' ids.

        Args:
            shards: Vectors of the questions (`Embedding` rows).
            benchmarks: Vectors of the problems of each benchmark, in files of its name.
            threshold: The smallest cosine of a restated problem.

        Raises:
            UserError: A file is unreadable, a benchmark has no vector at all, or the vectors are
                of several models.
        """
        self._model: str | None = None
        items = EmbeddedItems(self._items(benchmarks))
        progress = Progress("embedding", sum(count_rows(shard, Embedding) for shard in shards))
        self._without: set[str] = set()
        self._found = dict(items.nearest(self._questions(shards, progress), threshold))

    def verdict(self, row: Solution) -> Rejected | None:
        """Returns the rejection of a row that restates a problem, or that has no vector.

        Raises:
            UserError: No shard has the row's question.
        """
        if row.question_id in self._without:
            reason = "the model of `embedding` gives no vector, so the layer cannot compare it"
            return reject(row.row_id, "no_vector", reason, row)
        if row.question_id not in self._found:
            raise UserError(
                f"corpus: no file of vectors has the question {row.question_id}, so they are of "
                "other rows; delete `embeddings/` of the run and run again"
            )
        nearest = self._found[row.question_id]
        if nearest is None:
            return None
        return reject(row.row_id, "contaminated", nearest.reason, row)

    def _questions(self, shards: Iterable[Path], progress: Progress) -> Iterator[tuple[str, bytes]]:
        for shard in shards:
            for row in read_rows(shard, Embedding):
                self._require_model(shard, row)
                progress.add()
                if row.vector is None:
                    self._without.add(row.text_id)
                else:
                    yield row.text_id, row.vector

    def _items(self, files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
        for file in files:
            rows = without = 0
            for row in read_rows(file, Embedding):
                self._require_model(file, row)
                rows += 1
                if row.vector is None:
                    without += 1
                else:
                    yield f"problem {row.text_id} of {file.stem}", row.vector
            if without and without == rows:
                raise UserError(
                    f"{file}: the model of `embedding` gives no vector for any of the {rows:,} "
                    "problems; choose another, or set `embedding.engine.dtype` to float32"
                )
            if without:
                print(
                    f"warning: {file}: {without:,} of {rows:,} problems have no vector; the layer "
                    "`embedding` does not find them",
                    file=sys.stderr,
                )

    def _require_model(self, file: Path, row: Embedding) -> None:
        self._model = self._model or row.model
        if row.model != self._model:
            raise UserError(
                f"{file}: its vectors are of the model {row.model}, others are of {self._model}; "
                "delete `embeddings/` and `problem_embeddings/` of the run and run again"
            )
