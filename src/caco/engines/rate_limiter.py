"""Rate limiter of a server: one limit on concurrent requests for all requests of a job."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RateLimiter:
    """Limits the requests in flight; one refused request slows down all of them.

    The limit is halved when the server reports too many requests and grows by one for every round
    of successful requests: additive increase, multiplicative decrease, as in TCP. It converges to
    the unknown limit of the server.

    Attributes:
        succeeded: Number of successful requests so far.
    """

    def __init__(self, max_in_flight: int) -> None:
        """Starts at the maximum.

        Args:
            max_in_flight: Maximum number of concurrent requests.
        """
        self.succeeded = 0
        self._max_in_flight, self._limit = max_in_flight, float(max_in_flight)
        self._in_flight = 0
        self._paused_until = self._slowed_at = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Waits for a slot and holds it; yields the time at which the request may start."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._in_flight < int(self._limit))
            self._in_flight += 1
        try:
            while (wait_s := self._paused_until - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            yield time.monotonic()
        finally:
            self._in_flight -= 1
            async with self._changed:
                self._changed.notify_all()

    def record_success(self) -> None:
        """Counts a successful request."""
        self.succeeded += 1
        self._limit = min(self._max_in_flight, self._limit + 1 / self._limit)

    def back_off(self, started: float, wait_s: float) -> None:
        """Pauses all requests for a while and halves the limit.

        Args:
            started: When the refused request started. Requests that were in flight together are
                refused together: they halve the limit once.
            wait_s: Length of the pause in seconds.
        """
        now = time.monotonic()
        self._paused_until = max(self._paused_until, now + wait_s)
        if started >= self._slowed_at:
            self._slowed_at = now
            self._limit = max(1.0, self._limit / 2)
