"""An event loop in a thread of its own, for a caller that is not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Loop:
    """Runs coroutines while its caller does something else; a context manager.

    A thread rather than a loop that the caller turns: a caller that writes rows, or executes
    programs between two completions, must not keep a server's replies waiting until they time out.
    """

    def __enter__(self) -> Self:
        """Starts the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends the thread; cancel what still runs before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts a coroutine and returns the future of its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def cancel(self) -> None:
        """Cancels every coroutine that still runs, and waits until all have ended."""
        self.start(_cancel_others()).result()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
