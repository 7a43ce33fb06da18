"""Completions back in the order of their rows, whatever order an engine finishes them in."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

from caco.engines.protocol import Completion, Engine, Request
from caco.errors import CacoError
from caco.progress import Progress

R = TypeVar("R")


def complete(
    engine: Engine, asked: Iterable[tuple[R, Request]], progress: Progress | None = None
) -> Iterator[tuple[R, Completion]]:
    """Yields each row with its completion, in the order of `asked`.

    Rows are drawn only as the engine asks for more, so memory holds the rows in flight and those
    that wait for a slower one before them.

    Args:
        engine: The engine.
        asked: Rows, each with the request made from it; request ids differ.
        progress: Told of each finished completion.

    Raises:
        CacoError: The engine left a request without its completion.
    """
    waiting: deque[tuple[R, str]] = deque()
    finished: dict[str, Completion] = {}

    def requests() -> Iterator[Request]:
        for row, request in asked:
            waiting.append((row, request.request_id))
            yield request

    for completion in engine.generate(requests()):
        finished[completion.request_id] = completion
        if progress is not None:
            progress.add()
        while waiting and waiting[0][1] in finished:
            row, request_id = waiting.popleft()
            yield row, finished.pop(request_id)
    if waiting:
        raise CacoError(f"the engine returned no completion for {len(waiting)} requests")
