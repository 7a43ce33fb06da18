"""Decoding in the transformers engine: the batch of running requests, and their next tokens.

The key-value cache is allocated with spare columns, so that it is not copied for each token. Rows
can be added and removed. The next tokens of all rows are sampled at once, with the settings and the
random numbers of each.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from caco.engines.protocol import Request

# Columns by which a full buffer grows. DynamicLayer concatenates and so copies the whole cache for
# each token: 442 MB per step for 64 rows of 150 tokens of a 135M model.
_GROWTH = 64
# Candidates tried before the whole vocabulary is sorted for a nucleus: on a CPU, sorting 64 rows of
# 49,152 logits takes longer than the forward pass of the model.
_NUCLEUS = 512
_BLOCK = 256  # tokens per block in the first step of the inversion
_BELOW_ONE = 1 - 1e-12  # keeps a target below the total despite rounding


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer, [rows, heads, columns, head size], with spare columns."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Appends columns and returns all keys and values."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self._keys = _append(getattr(self, "_keys", None), self.get_seq_length(), key_states)
        self._values = _append(getattr(self, "_values", None), self.get_seq_length(), value_states)
        columns = self.get_seq_length() + key_states.shape[2]
        self.keys, self.values = self._keys[:, :, :columns], self._values[:, :, :columns]
        return self.keys, self.values

    def release(self) -> None:
        """Releases the memory; the layer cannot be used afterwards."""
        self.keys = self.values = self._keys = self._values = None

    def replace(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Replaces the contents."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        self._keys = self._values = None
        self.keys = keys[:, :, :0]
        self.update(keys, values)


def _append(buffer: torch.Tensor | None, used: int, new: torch.Tensor) -> torch.Tensor:
    """Returns a buffer with `used` columns of `buffer`, then `new`; it may have spare columns."""
    needed = used + new.shape[2]
    if buffer is None or used == 0 or buffer.shape[2] < needed:
        grown = new.new_empty(new.shape[0], new.shape[1], needed + _GROWTH, new.shape[3])
        if buffer is not None and used:
            grown[:, :, :used] = buffer[:, :, :used]
        buffer = grown
    buffer[:, :, used:needed] = new
    return buffer


def new_cache(layers: int) -> Any:
    """Returns an empty cache for a model with `layers` layers of full attention."""
    cache = DynamicCache()
    cache.layers = [GrowingLayer() for _ in range(layers)]
    return cache


def select_rows(cache: Any, rows: torch.Tensor, first_column: int) -> None:
    """Selects `rows` (int64 indices, may repeat) and the columns from `first_column` on."""
    for layer in cache.layers:
        layer.replace(
            layer.keys[:, :, first_column:].index_select(0, rows),
            layer.values[:, :, first_column:].index_select(0, rows),
        )


def joined_caches(caches: list[Any]) -> Any:
    """Returns one cache with the rows of all, in order, left-padded to the same length."""
    if len(caches) == 1:
        return caches[0]
    joined = new_cache(len(caches[0].layers))
    columns = max(cache.get_seq_length() for cache in caches)
    for number, layer in enumerate(joined.layers):
        parts = [cache.layers[number] for cache in caches]
        layer.replace(
            torch.cat([_padded(part.keys, columns) for part in parts]),
            torch.cat([_padded(part.values, columns) for part in parts]),
        )
        for cache in caches:
            cache.layers[number].release()
    return joined


def _padded(states: torch.Tensor, columns: int) -> torch.Tensor:
    """Returns `states` left-padded with zeros; the attention mask excludes them."""
    return torch.nn.functional.pad(states, (0, 0, columns - states.shape[2], 0))


def random_numbers(seed: int) -> Iterator[float]:
    """Yields the random number in [0, 1) of each token of a request.

    Python's generator instead of torch's, because it yields the same numbers on every device and in
    every version. `caco.proof` draws again with the same numbers.
    """
    generator = random.Random(seed)
    while True:
        yield generator.random()


@dataclass(slots=True)
class RunningRequest:
    """One request that is being generated.

    Attributes:
        request: The request.
        prompt: The token ids of the prompt.
        limit: Maximum number of new tokens: that of the request, or what fits in the context.
        random: Its own random numbers (`random_numbers`).
        tokens: The token ids generated so far.
        finished: Whether its completion has been yielded.
        deadline: When its time limit expires, on the monotonic clock.
    """

    request: Request
    prompt: list[int]
    limit: int
    random: Iterator[float]
    tokens: list[int] = field(default_factory=list)
    finished: bool = False
    deadline: float = float("inf")


class Batch:
    """Rows that are decoded together; row i of every tensor belongs to `running[i]`.

    Attributes:
        running: The requests.
        cache: Their keys and values.
        mask: [rows, columns] int64: 1 for a token of the row, 0 for padding.
        last: [rows] int64: the last sampled token of each row, not in the cache yet.
        temperature, top_p, top_k: [rows]: the sampling settings of the requests.
    """

    def __init__(
        self, running: list[RunningRequest], cache: Any, mask: torch.Tensor, last: torch.Tensor
    ) -> None:
        device = mask.device
        requests = [row.request for row in running]
        self.running, self.cache, self.mask, self.last = running, cache, mask, last
        self.temperature = torch.tensor([r.temperature for r in requests], device=device)
        self.top_p = torch.tensor([r.top_p for r in requests], device=device)
        self.top_k = torch.tensor([r.top_k for r in requests], device=device)

    @property
    def finished(self) -> int:
        """Number of rows whose completion has been yielded."""
        return sum(row.finished for row in self.running)

    def uniform(self) -> torch.Tensor:
        """Returns [rows] float64: the next random number of each row, 0 for finished rows."""
        return torch.tensor(
            [0.0 if row.finished else next(row.random) for row in self.running],
            dtype=torch.float64,
            device=self.mask.device,
        )

    def without_finished(self) -> "Batch | None":
        """Returns the unfinished rows, without columns that are padding in all of them."""
        unfinished = [i for i, row in enumerate(self.running) if not row.finished]
        if not unfinished:
            return None
        if len(unfinished) == len(self.running):
            return self
        rows = torch.tensor(unfinished, device=self.mask.device)
        mask = self.mask[rows]
        first = int(mask.any(dim=0).int().argmax())
        select_rows(self.cache, rows, first)
        running = [self.running[i] for i in unfinished]
        return Batch(running, self.cache, mask[:, first:], self.last[rows])


def joined_batches(parts: list[Batch]) -> Batch:
    """Returns one batch with the rows of all `parts`."""
    if len(parts) == 1:
        return parts[0]
    columns = max(part.mask.shape[1] for part in parts)
    return Batch(
        [row for part in parts for row in part.running],
        joined_caches([part.cache for part in parts]),
        torch.cat([torch.nn.functional.pad(p.mask, (columns - p.mask.shape[1], 0)) for p in parts]),
        torch.cat([part.last for part in parts]),
    )


def sample_tokens(
    logits: torch.Tensor,
    temperature: torch.Tensor,
    top_p: torch.Tensor,
    top_k: torch.Tensor,
    uniform: torch.Tensor,
) -> torch.Tensor:
    """Returns one token per row, by inverting the cumulative distribution at `uniform`.

    `caco.proof.rounding` computes which numbers draw a token in this way.

    The cumulative sum follows the order of the vocabulary, not of the probabilities. Batching can
    change the last bit of a probability: in a sorted order, two near-equal tokens would then swap
    places and change the sample, while here each boundary moves by no more than that bit.

    Args:
        logits: [rows, vocabulary], any float type.
        temperature: [rows]; 0 selects the most likely token.
        top_p: [rows], in (0, 1].
        top_k: [rows], 0 for all.
        uniform: [rows] float64 in [0, 1).

    Returns:
        [rows] int64.
    """
    greedy = temperature <= 0
    if bool(greedy.all()):
        return logits.argmax(dim=-1)
    scaled = logits.float() / torch.where(greedy, 1.0, temperature).unsqueeze(1)
    probabilities = torch.softmax(scaled, dim=-1)
    threshold = lowest_probability(probabilities, top_p, top_k)
    if threshold is not None:
        probabilities = probabilities.masked_fill(probabilities < threshold.unsqueeze(1), 0.0)
    drawn = _inverse(probabilities, uniform)
    return torch.where(greedy, logits.argmax(dim=-1), drawn) if bool(greedy.any()) else drawn


def _inverse(mass: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Returns [rows]: the index at which the cumulative sum of a row exceeds `uniform` * total.

    Finds first the block of the vocabulary, then the token in it: one float64 cumulative sum of the
    whole vocabulary took 38 ms for 64 rows of 49,152, a tenth of a decoding step.
    """
    rows, vocabulary = mass.shape
    blocks = torch.nn.functional.pad(mass, (0, -vocabulary % _BLOCK)).view(rows, -1, _BLOCK)
    total = blocks.sum(dim=-1).double().cumsum(dim=-1)
    target = torch.minimum(uniform * total[:, -1], total[:, -1] * _BELOW_ONE).unsqueeze(1)
    # right=True: the first entry whose cumulative mass exceeds the target, so never one of mass 0.
    block = torch.searchsorted(total, target, right=True)
    before = torch.where(block > 0, total.gather(1, (block - 1).clamp(min=0)), 0.0)
    inside = blocks[torch.arange(rows, device=mass.device), block.squeeze(1)].double().cumsum(-1)
    rest = torch.minimum(target - before, inside[:, -1:] * _BELOW_ONE)
    token = torch.searchsorted(inside, rest, right=True)
    return (block * _BLOCK + token).squeeze(1)


def lowest_probability(
    probabilities: torch.Tensor, top_p: torch.Tensor, top_k: torch.Tensor
) -> torch.Tensor | None:
    """Returns [rows]: the lowest probability that can be sampled; None without any restriction.

    As in other implementations, top-k is applied first and top-p to the remaining tokens.
    """
    vocabulary = probabilities.shape[-1]
    nucleus, limited = top_p < 1, top_k > 0
    if not bool((nucleus | limited).any()):
        return None
    k = torch.where(limited, top_k, vocabulary).clamp(max=vocabulary)
    unlimited = bool((nucleus & ~limited).any())
    width = int(top_k.max().clamp(min=1 if not unlimited else _NUCLEUS, max=vocabulary))
    while True:
        candidates = probabilities.topk(width, dim=-1).values
        in_top_k = torch.arange(width, device=k.device).unsqueeze(0) < k.unsqueeze(1)
        mass = torch.where(in_top_k, candidates, 0.0).cumsum(dim=-1, dtype=torch.float64)
        total = torch.where(limited, mass[:, -1], 1.0)
        reached = ~nucleus | (mass[:, -1] >= top_p * total) | limited
        if bool(reached.all()) or width == vocabulary:
            break
        width = vocabulary
    # A token is in the nucleus if the mass before it is below top_p.
    before = mass - torch.where(in_top_k, candidates, 0.0)
    inside = in_top_k & (~nucleus.unsqueeze(1) | (before < (top_p * total).unsqueeze(1)))
    lowest = candidates.masked_fill(~inside, float("inf")).min(dim=-1).values
    return torch.where(nucleus | limited, lowest, torch.zeros_like(lowest))
