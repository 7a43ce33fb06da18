"""Training examples, and their tokens on disk, which every rank memory-maps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.runtime.provenance import Counts

IGNORED = -100  # label of a token without loss in torch and transformers
_BATCH = 1_000  # examples per write

_SCHEMA = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32()))])


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt with its completion; only the completion contributes to the loss.

    Attributes:
        prompt: The prompt of the model.
        completion: The completion, including the token that ends the turn.
    """

    prompt: str
    completion: str


Frame = Callable[[str], str]  # converts a user's text to the complete prompt of a model


def token_ids(example: Example, tokenizer: Any, cutoff: int) -> tuple[list[int], list[int]]:
    """Returns token ids and labels of an example, truncated to `cutoff`.

    Prompt and completion are tokenised separately, as at inference: a token across their boundary
    would never occur there.
    """
    prompt = tokenizer(example.prompt, add_special_tokens=False)["input_ids"]
    completion = tokenizer(example.completion, add_special_tokens=False)["input_ids"]
    ids = prompt + completion
    labels = [IGNORED] * len(prompt) + completion
    return ids[:cutoff], labels[:cutoff]


def write_tokens(
    examples: Iterable[Example | None], tokenizer: Any, cutoff: int, path: Path
) -> tuple[Counts, int]:
    """Writes the examples that have at least one labelled token to `path`.

    Args:
        examples: The examples; None for a row that yields no example.
        tokenizer: A transformers tokenizer.
        cutoff: Maximum length of an example in tokens.
        path: A Parquet file with the columns `input_ids` and `labels`.

    Returns:
        Counts with the verdicts `no_solution` (None) and `prompt_over_cutoff` (no token of the
        completion remains), and how many of the accepted examples were truncated.
    """
    counts, truncated = Counts(), 0
    batch: list[dict[str, list[int]]] = []
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as out:
        for example in examples:
            if example is None:
                counts.reject("no_solution")
                continue
            ids, labels = token_ids(example, tokenizer, cutoff + 1)
            is_truncated = len(ids) > cutoff
            ids, labels = ids[:cutoff], labels[:cutoff]
            if all(label == IGNORED for label in labels):
                counts.reject("prompt_over_cutoff")
                continue
            counts.accept()
            truncated += is_truncated
            batch.append({"input_ids": ids, "labels": labels})
            if len(batch) == _BATCH:
                out.write_batch(pa.RecordBatch.from_pylist(batch, schema=_SCHEMA))
                batch.clear()
        out.write_batch(pa.RecordBatch.from_pylist(batch, schema=_SCHEMA))
    return counts, truncated
