"""Training examples, and their tokens on disk, which every rank memory-maps."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.runtime.provenance import Counts

IGNORED = -100  # label of a token without loss in torch and transformers
_BATCH = 1_000  # examples that are tokenised together, and written

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


def token_ids(
    examples: Sequence[Example], tokenizer: Any, cutoff: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Yields token ids and labels of each example, truncated to `cutoff`.

    Prompt and completion are tokenised separately, as at inference: a token across their boundary
    would never occur there. A fast tokenizer tokenises the examples in parallel.
    """
    if not examples:
        return
    texts = [text for example in examples for text in (example.prompt, example.completion)]
    ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    for prompt, completion in zip(ids[::2], ids[1::2], strict=True):
        labels = [IGNORED] * len(prompt) + completion
        yield (prompt + completion)[:cutoff], labels[:cutoff]


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
    os.environ["TOKENIZERS_PARALLELISM"] = "true"  # `silence_libraries` turns it off
    remaining = iter(examples)
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as out:
        while batch := list(islice(remaining, _BATCH)):
            accepted = []
            present = [example for example in batch if example is not None]
            for _ in range(len(batch) - len(present)):
                counts.reject("no_solution")
            for ids, labels in token_ids(present, tokenizer, cutoff + 1):
                is_truncated = len(ids) > cutoff
                ids, labels = ids[:cutoff], labels[:cutoff]
                if all(label == IGNORED for label in labels):
                    counts.reject("prompt_over_cutoff")
                    continue
                counts.accept()
                truncated += is_truncated
                accepted.append({"input_ids": ids, "labels": labels})
            out.write_batch(pa.RecordBatch.from_pylist(accepted, schema=_SCHEMA))
    return counts, truncated
