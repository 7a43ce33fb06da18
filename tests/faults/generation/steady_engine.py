"""An engine without a model: it keeps some requests under way and ends them in any order."""

import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self

from caco.engines.protocol import Completion, Request
from caco.identity import digest


class SteadyEngine:
    """Completes a request with what its prompt and seed alone decide.

    Args:
        window: Requests under way at a time.
        pause_s: Seconds between two completions.
        dies_after: Raises after so many completions, as a process that is out of memory does.
    """

    def __init__(self, window: int, pause_s: float, dies_after: int | None = None) -> None:
        self._window, self._pause_s, self._dies_after = window, pause_s, dies_after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        queue, under_way, done = iter(requests), [], 0
        order = random.Random()  # another in each process
        while True:
            under_way += islice(queue, self._window - len(under_way))
            if not under_way:
                return
            if done == self._dies_after:
                raise MemoryError
            time.sleep(self._pause_s)
            done += 1
            yield completion(under_way.pop(order.randrange(len(under_way))))


def completion(request: Request) -> Completion:
    """Some are cut, echo code, answer or judge nothing, or are empty: stages take every way out."""
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
