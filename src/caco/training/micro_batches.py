"""The rows of each optimiser step, divided into micro-batches of bounded size.

A micro-batch has at most `micro_tokens` tokens, so its memory does not depend on how long the rows
are. Every rank has the same number of micro-batches in a step, because the ranks exchange gradients
after each. All ranks compute the whole plan from the lengths of the rows.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from torch.utils.data import DataLoader, Sampler

from caco.training.examples import IGNORED

# A rank without rows in a micro-batch takes part with one token that has no loss.
_NO_ROWS: dict[str, np.ndarray] = {
    "input_ids": np.zeros(1, np.int64),
    "labels": np.full(1, IGNORED, np.int64),
}


class Step(NamedTuple):
    """The part of a rank in an optimiser step.

    Attributes:
        micro_batches: Row numbers of each micro-batch of this rank; a micro-batch may be empty.
        tokens: Tokens of the step, over all ranks.
        labelled: Tokens with a loss in the step, over all ranks.
    """

    micro_batches: list[list[int]]
    tokens: int
    labelled: int


def divide(lengths: Sequence[int], ranks: int, micro_tokens: int) -> list[list[list[int]]]:
    """Divides rows into as few micro-batches as possible, of nearly equal size.

    Args:
        lengths: Tokens of each row.
        ranks: Number of ranks.
        micro_tokens: Maximum tokens of a micro-batch; no row is longer.

    Returns:
        For each rank its micro-batches, which are equally many, as positions in `lengths`.
    """
    passes = -(-sum(lengths) // (ranks * micro_tokens))
    longest_first = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    while True:
        # Each row goes into the smallest micro-batch so far.
        heap = [(0, number) for number in range(passes * ranks)]
        rows: list[list[int]] = [[] for _ in heap]
        for i in longest_first:
            tokens, number = heapq.heappop(heap)
            if tokens + lengths[i] > micro_tokens:
                break
            rows[number].append(i)
            heapq.heappush(heap, (tokens + lengths[i], number))
        else:
            break
        passes += 1
    # Ranks wait for each other after each pass, so micro-batches of similar size run together.
    size = {number: tokens for tokens, number in heap}
    order = sorted(size, key=lambda number: (-size[number], number))
    return [[sorted(rows[number]) for number in order[rank::ranks]] for rank in range(ranks)]


class Steps(Sampler):  # type: ignore[misc]
    """The steps of an epoch, for one rank; each epoch has an order of its own."""

    def __init__(
        self,
        rows: "TokenRows",
        global_batch: int,
        micro_tokens: int,
        seed: int,
        rank: int,
        ranks: int,
    ) -> None:
        """Creates the sampler.

        Args:
            rows: The rows.
            global_batch: Rows of a step, over all ranks.
            micro_tokens: Maximum tokens of a micro-batch.
            seed: Seed of the order.
            rank: This rank.
            ranks: Number of ranks.
        """
        self._rows, self._global_batch, self._micro_tokens = rows, global_batch, micro_tokens
        self._seed, self._rank, self._ranks = seed, rank, ranks
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch of the next iteration."""
        self._epoch = epoch

    def __len__(self) -> int:
        """The number of steps of an epoch; the last may have fewer rows."""
        return -(-len(self._rows) // self._global_batch)

    def __iter__(self) -> Iterator[Step]:
        """Yields the steps of the epoch."""
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        order = torch.randperm(len(self._rows), generator=generator).tolist()
        for start in range(0, len(order), self._global_batch):
            rows = order[start : start + self._global_batch]
            lengths = [self._rows.lengths[row] for row in rows]
            own = divide(lengths, self._ranks, self._micro_tokens)[self._rank]
            yield Step(
                [[rows[i] for i in micro_batch] for micro_batch in own],
                sum(lengths),
                sum(self._rows.labelled[row] for row in rows),
            )


class TokenRows:
    """The rows of a table of tokens, which stays where it is: in memory or mapped into it.

    Attributes:
        lengths: Tokens of each row.
        labelled: Tokens of each row that have a loss: those with a label, without the first.
    """

    def __init__(self, table: pa.Table) -> None:
        """Reads the lengths.

        Args:
            table: A table with the columns `input_ids` and `labels`, lists of integers.
        """
        self._columns = {name: _Lists(table.column(name)) for name in ("input_ids", "labels")}
        self.lengths: list[int] = self._columns["input_ids"].lengths()
        labels = self._columns["labels"]
        self.labelled = [
            int(np.count_nonzero(labels[row][1:] != IGNORED)) for row in range(len(self.lengths))
        ]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.lengths)

    def __getitems__(self, step: Step) -> "StepRows":
        """Returns the rows of a step; `DataLoader` calls this."""
        micro_batches = [
            [self._row(row) for row in micro_batch] or [_NO_ROWS]
            for micro_batch in step.micro_batches
        ]
        return StepRows(micro_batches, step.tokens, step.labelled)

    def _row(self, row: int) -> dict[str, np.ndarray]:
        return {name: column[row].astype(np.int64) for name, column in self._columns.items()}


class StepRows(NamedTuple):
    """As `Step`, with the tokens and labels of the rows instead of their numbers."""

    micro_batches: list[list[dict[str, np.ndarray]]]
    tokens: int
    labelled: int


class _Lists:
    """A column of lists as arrays, without a copy."""

    def __init__(self, column: Any) -> None:
        self._chunks = [
            (chunk.offsets.to_numpy(), chunk.values.to_numpy()) for chunk in column.chunks
        ]
        sizes = [len(offsets) - 1 for offsets, _ in self._chunks]
        self._starts = np.cumsum([0, *sizes]).tolist()

    def lengths(self) -> list[int]:
        return [int(n) for offsets, _ in self._chunks for n in np.diff(offsets)]

    def __getitem__(self, row: int) -> np.ndarray:
        number = bisect_right(self._starts, row) - 1
        offsets, values = self._chunks[number]
        at = row - self._starts[number]
        row_values: np.ndarray = values[offsets[at] : offsets[at + 1]]
        return row_values


class StepLoader(DataLoader):  # type: ignore[misc]
    """A loader of steps, which passes the epoch to its sampler."""

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch of the next iteration; transformers' trainer calls this."""
        steps: Any = self.batch_sampler
        steps.set_epoch(epoch)
