"""Embeddings: vectors of the questions of a shard, or of the problems of a benchmark."""

import sys
from collections.abc import Iterable, Iterator

from caco.engines.protocol import EmbeddingModel
from caco.rows.embedding import Embedding
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts

Texts = Iterator[tuple[str, str]]


def questions(rows: Iterable[Solution]) -> Texts:
    """Yields the id and text of each row's question, unless an earlier row has it."""
    seen: set[str] = set()
    for row in rows:
        if row.question_id not in seen:
            seen.add(row.question_id)
            yield row.question_id, row.question


def problems(rows: Iterable[Seed]) -> Texts:
    """Yields the id and text of each problem."""
    for row in rows:
        yield row.seed_id, row.problem


def embed_texts(
    texts: Texts, model: EmbeddingModel, progress: Progress, counts: Counts
) -> Iterator[Embedding]:
    """Yields the vector of each text, in order.

    Args:
        texts: Ids and texts.
        model: The model.
        progress: Counts the texts.
        counts: Counts them by whether they have a vector; those without have the verdict
            `no_vector`.
    """
    prefixed = ((text_id, model.prefix + text) for text_id, text in texts)
    truncated = 0
    for text_id, found in model.embed(prefixed):
        progress.add()
        counts.reject("no_vector") if found.vector is None else counts.accept()
        truncated += found.truncated
        yield Embedding(text_id, model.digest, found.tokens, found.truncated, found.vector)
    if truncated:
        print(
            f"{truncated:,} of {counts.rows_in:,} texts are longer than the limit, and only their "
            "first tokens are embedded; `embedding.max_tokens` or the model sets it",
            file=sys.stderr,
        )
