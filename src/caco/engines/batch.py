"""The batch of the transformers engine: running requests and their key-value cache.

The cache has room to grow, so that it is not copied for each token, and rows come and go.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from caco.engines import batch as kv
from caco.engines.protocol import Request

# Columns by which a full buffer grows. DynamicLayer concatenates, so it copies the whole cache for
# each token: 442 MB a step for 64 rows of 150 tokens of a 135M model.
_GROWTH = 64


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values, [rows, heads, columns, head size], in buffers with room."""

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

    def drop(self) -> None:
        """Gives the memory back; the layer is of no further use."""
        self.keys = self.values = self._keys = self._values = None

    def put(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Replaces the contents."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        self._keys = self._values = None
        self.keys = keys[:, :, :0]
        self.update(keys, values)


def _append(buffer: torch.Tensor | None, used: int, new: torch.Tensor) -> torch.Tensor:
    """Returns a buffer that holds `used` columns of `buffer`, then `new`, with room for more."""
    needed = used + new.shape[2]
    if buffer is None or used == 0 or buffer.shape[2] < needed:
        grown = new.new_empty(new.shape[0], new.shape[1], needed + _GROWTH, new.shape[3])
        if buffer is not None and used:
            grown[:, :, :used] = buffer[:, :, :used]
        buffer = grown
    buffer[:, :, used:needed] = new
    return buffer


def new_cache(layers: int) -> Any:
    """Returns an empty cache for a model of `layers` layers of full attention."""
    cache = DynamicCache()
    cache.layers = [GrowingLayer() for _ in range(layers)]
    return cache


def keep_rows(cache: Any, rows: torch.Tensor, first_column: int) -> None:
    """Keeps `rows` (int64 indices, repeats allowed) and drops the columns before `first_column`."""
    for layer in cache.layers:
        layer.put(
            layer.keys[:, :, first_column:].index_select(0, rows),
            layer.values[:, :, first_column:].index_select(0, rows),
        )


def joined_caches(caches: list[Any]) -> Any:
    """Returns one cache with the rows of all, in order; shorter ones are padded on the left."""
    if len(caches) == 1:
        return caches[0]
    whole = new_cache(len(caches[0].layers))
    columns = max(cache.get_seq_length() for cache in caches)
    for number, layer in enumerate(whole.layers):
        parts = [cache.layers[number] for cache in caches]
        layer.put(
            torch.cat([_padded(part.keys, columns) for part in parts]),
            torch.cat([_padded(part.values, columns) for part in parts]),
        )
        for cache in caches:
            cache.layers[number].drop()
    return whole


def _padded(states: torch.Tensor, columns: int) -> torch.Tensor:
    """Returns `states` with zero columns on the left; an attention mask hides them."""
    return torch.nn.functional.pad(states, (0, 0, columns - states.shape[2], 0))


@dataclass(slots=True)
class RunningRequest:
    """One request on its way.

    Attributes:
        request: The request.
        prompt: The prompt's token ids.
        limit: Tokens it may have: the request's own limit, or what its context leaves.
        luck: Its own random numbers. Python's generator rather than torch's: the same numbers on
            every device and in every version.
        tokens: Ids generated so far.
        finished: Whether its completion has been handed out.
        until: When its time is over, on the monotonic clock.
    """

    request: Request
    prompt: list[int]
    limit: int
    luck: random.Random
    tokens: list[int] = field(default_factory=list)
    finished: bool = False
    until: float = float("inf")


class Batch:
    """Rows side by side; row i of every tensor belongs to `writing[i]`.

    Attributes:
        writing: The requests.
        cache: Their keys and values.
        mask: [rows, columns] int64: 1 where a column holds a token of the row, 0 for padding.
        last: [rows] int64: the token that each row drew last, not in the cache yet.
        temperature, top_p, top_k: [rows]: the requests' settings.
    """

    def __init__(
        self, writing: list[RunningRequest], cache: Any, mask: torch.Tensor, last: torch.Tensor
    ) -> None:
        device = mask.device
        requests = [w.request for w in writing]
        self.writing, self.cache, self.mask, self.last = writing, cache, mask, last
        self.temperature = torch.tensor([r.temperature for r in requests], device=device)
        self.top_p = torch.tensor([r.top_p for r in requests], device=device)
        self.top_k = torch.tensor([r.top_k for r in requests], device=device)

    @property
    def finished(self) -> int:
        """Rows whose completion has been handed out."""
        return sum(w.finished for w in self.writing)

    def luck(self) -> torch.Tensor:
        """Returns [rows] float64: each row's next random number, 0 for finished rows."""
        return torch.tensor(
            [0.0 if w.finished else w.luck.random() for w in self.writing],
            dtype=torch.float64,
            device=self.mask.device,
        )

    def without_finished(self) -> "Batch | None":
        """Returns the rows still being written, without columns that only held padding."""
        kept = [i for i, w in enumerate(self.writing) if not w.finished]
        if not kept:
            return None
        if len(kept) == len(self.writing):
            return self
        rows = torch.tensor(kept, device=self.mask.device)
        mask = self.mask[rows]
        first = int(mask.any(dim=0).int().argmax())
        kv.keep_rows(self.cache, rows, first)
        return Batch([self.writing[i] for i in kept], self.cache, mask[:, first:], self.last[rows])


def joined_batches(parts: list[Batch]) -> Batch:
    """Returns all rows of `parts` side by side."""
    if len(parts) == 1:
        return parts[0]
    columns = max(part.mask.shape[1] for part in parts)
    return Batch(
        [w for part in parts for w in part.writing],
        kv.joined_caches([part.cache for part in parts]),
        torch.cat([torch.nn.functional.pad(p.mask, (columns - p.mask.shape[1], 0)) for p in parts]),
        torch.cat([part.last for part in parts]),
    )
