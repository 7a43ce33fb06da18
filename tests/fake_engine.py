"""A fake engine for tests of stages, which completes all requests at once, in reverse order; and a
fake embedder.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from caco.engines.protocol import Completion, Embedded, Request
from caco.vectors import stored


class FakeEngine:
    """Completes each request with `answer(request)`: a text or a Completion."""

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


def truncated(request: Request) -> Completion:
    """Returns a completion that reached the token limit."""
    return Completion(request.request_id, "and so on and", request.max_new_tokens, "length")


class FakeEmbedder:
    """Embeds each text as `vector(text)`."""

    def __init__(self, vector: Callable[[str], list[float]]) -> None:
        self._vector = vector
        self.texts: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def embed(self, texts: Sequence[str]) -> list[Embedded]:
        self.texts += texts
        return [Embedded(stored(self._vector(text)), len(text.split()), False) for text in texts]
