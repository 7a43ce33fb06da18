"""An engine for tests about stages: it answers at once, last request first."""

from collections.abc import Callable, Iterable, Iterator
from typing import Self

from caco.engines.protocol import Completion, Request


class FakeEngine:
    """Completes each prompt with `answer(request)`: a text, or a whole Completion."""

    def __init__(self, answer: Callable[[Request], str | Completion]) -> None:
        self._answer = answer
        self.requests: list[Request] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        self.requests = list(requests)
        for request in reversed(self.requests):
            answer = self._answer(request)
            if isinstance(answer, str):
                answer = Completion(request.request_id, answer, len(answer.split()) + 1, "stop")
            yield answer


def cut(request: Request) -> Completion:
    """A completion that ran into its limit."""
    return Completion(request.request_id, "and so on and", request.max_new_tokens, "length")
