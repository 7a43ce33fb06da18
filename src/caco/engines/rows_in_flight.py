"""The rows that a batch holds while they are written: who they are, and their part of the cache."""

import random
from dataclasses import dataclass, field
from typing import Any

import torch

from caco.engines import cache as kv
from caco.engines.protocol import Request


@dataclass(slots=True)
class Writing:
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


class InFlight:
    """Rows side by side; row i of every tensor belongs to `writing[i]`.

    Attributes:
        writing: The requests.
        cache: Their keys and values.
        mask: [rows, columns] int64: 1 where a column holds a token of the row, 0 for padding.
        last: [rows] int64: the token that each row drew last, not in the cache yet.
        temperature, top_p, top_k: [rows]: the requests' settings.
    """

    def __init__(
        self, writing: list[Writing], cache: Any, mask: torch.Tensor, last: torch.Tensor
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

    def without_finished(self) -> "InFlight | None":
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
        return InFlight(
            [self.writing[i] for i in kept], self.cache, mask[:, first:], self.last[rows]
        )


def joined(parts: list[InFlight]) -> InFlight:
    """Returns all rows of `parts` side by side."""
    if len(parts) == 1:
        return parts[0]
    columns = max(part.mask.shape[1] for part in parts)
    return InFlight(
        [w for part in parts for w in part.writing],
        kv.joined([part.cache for part in parts]),
        torch.cat([torch.nn.functional.pad(p.mask, (columns - p.mask.shape[1], 0)) for p in parts]),
        torch.cat([part.last for part in parts]),
    )
