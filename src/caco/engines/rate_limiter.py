"""How fast a server lets itself be asked: one pace for all requests of a job."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RateLimiter:
    """Turns at a server: a refusal of one request slows them all.

    Requests side by side are halved when the server says that there are too many and grow by one
    for every round that it answers, as TCP does it: the server's limit is found without being told.

    Attributes:
        served: Requests answered so far.
    """

    def __init__(self, most: int) -> None:
        """Starts at full pace.

        Args:
            most: Requests side by side, at most.
        """
        self.served = 0
        self._most, self._allowed = most, float(most)
        self._under_way = 0
        self._closed_until = self._slowed_at = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Waits for a turn, holds it, and gives it back; yields the moment at which it began."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._under_way < int(self._allowed))
            self._under_way += 1
        try:
            while (wait_s := self._closed_until - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            yield time.monotonic()
        finally:
            self._under_way -= 1
            async with self._changed:
                self._changed.notify_all()

    def answered(self) -> None:
        """Counts a request that was answered."""
        self.served += 1
        self._allowed = min(self._most, self._allowed + 1 / self._allowed)

    def slow(self, began: float, wait_s: float) -> None:
        """Lets nobody ask for a while, and fewer side by side after that.

        Args:
            began: When the turn of the refused request began. Those that were under way together
                are refused together: they halve the pace once.
            wait_s: Seconds.
        """
        now = time.monotonic()
        self._closed_until = max(self._closed_until, now + wait_s)
        if began >= self._slowed_at:
            self._slowed_at = now
            self._allowed = max(1.0, self._allowed / 2)
