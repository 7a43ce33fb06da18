"""A key-value cache whose rows come and go, and that does not copy itself for each token."""

from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

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


def joined(caches: list[Any]) -> Any:
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
