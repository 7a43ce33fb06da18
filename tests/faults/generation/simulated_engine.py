"""An engine without a model: it runs several requests and completes them in random order."""

import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self

from caco.engines.protocol import Completion, Request
from caco.identity import digest


class SimulatedEngine:
    """Completes a request with a text that depends only on its prompt and seed.

    Args:
        window: Concurrent requests.
        pause_s: Seconds between two completions.
        fails_after: Completions before a MemoryError; None for no error.
    """

    def __init__(self, window: int, pause_s: float, fails_after: int | None = None) -> None:
        self._window, self._pause_s, self._fails_after = window, pause_s, fails_after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        queue, done = iter(requests), 0
        running: list[Request] = []
        order = random.Random()  # a different order in each process
        while True:
            running += islice(queue, self._window - len(running))
            if not running:
                return
            if done == self._fails_after:
                raise MemoryError
            time.sleep(self._pause_s)
            done += 1
            yield completion(running.pop(order.randrange(len(running))))


def completion(request: Request) -> Completion:
    """Returns a truncated, malformed, empty or valid completion, so that stages take every path."""
    kind, name = request.seed % 20, digest(request.prompt, str(request.seed))
    text = f"Ann has {request.seed} apples and eats {name}. " * 16
    if kind == 0:
        return Completion(request.request_id, text, request.max_new_tokens, "length")
    if kind == 1:
        text = f"input = {{'a': {request.seed}}}\noutput = {name!r}\n"
    elif kind == 2:
        text = ""
    elif kind > 3:
        text += f"\nThe answer is \\boxed{{{request.seed}}}.\nSolvable: yes\nSame logic: "
        text += "yes" if kind > 4 else "no"
    return Completion(request.request_id, text, 40, "stop")
