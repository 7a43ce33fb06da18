"""Examples as token ids on disk, which every rank maps into memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.runtime.provenance import Counts
from caco.training.examples import Example

IGNORED = -100  # the label of a token without loss, in torch and transformers
_BATCH = 1_000  # examples held in memory

_SCHEMA = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32()))])


def token_ids(example: Example, tokenizer: Any, cutoff: int) -> tuple[list[int], list[int]]:
    """Returns the ids and labels of an example, at most `cutoff` of each.

    Prompt and completion are tokenised apart: at inference the prompt stands alone too, and a token
    across the seam would be one that the model never meets there.
    """
    prompt = tokenizer(example.prompt, add_special_tokens=False)["input_ids"]
    completion = tokenizer(example.completion, add_special_tokens=False)["input_ids"]
    ids = prompt + completion
    labels = [IGNORED] * len(prompt) + completion
    return ids[:cutoff], labels[:cutoff]


def write_tokens(
    examples: Iterable[Example | None], tokenizer: Any, cutoff: int, path: Path
) -> tuple[Counts, int]:
    """Writes the examples that have something to learn to `path`.

    Args:
        examples: The examples; None stands for one that its row could not give.
        tokenizer: A transformers tokenizer.
        cutoff: Longest example in tokens.
        path: A Parquet file with the columns `input_ids` and `labels`.

    Returns:
        Counts with the verdicts `no_solution` (a None) and `prompt_over_cutoff` (no token of the
        completion is left), and how many of the accepted ones were cut.
    """
    counts, cut = Counts(), 0
    batch: list[dict[str, list[int]]] = []
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as out:
        for example in examples:
            if example is None:
                counts.reject("no_solution")
                continue
            ids, labels = token_ids(example, tokenizer, cutoff + 1)
            cut_here = len(ids) > cutoff
            ids, labels = ids[:cutoff], labels[:cutoff]
            if all(label == IGNORED for label in labels):
                counts.reject("prompt_over_cutoff")
                continue
            counts.accept()
            cut += cut_here
            batch.append({"input_ids": ids, "labels": labels})
            if len(batch) == _BATCH:
                out.write_batch(pa.RecordBatch.from_pylist(batch, schema=_SCHEMA))
                batch.clear()
        out.write_batch(pa.RecordBatch.from_pylist(batch, schema=_SCHEMA))
    return counts, cut
