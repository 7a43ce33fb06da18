"""The interface of every engine: requests in, completions out, one seed a request."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from caco.config.generation import Sampling
from caco.errors import CacoError
from caco.runtime.progress import Progress


@dataclass(frozen=True, slots=True)
class Request:
    """One text to be continued.

    Attributes:
        request_id: Names the request among those of one call of `generate`.
        prompt: The text as the model sees it, special tokens written out; nothing is added.
        seed: Everything random about this completion derives from it.
        temperature: 0 is greedy.
        top_p: Nucleus: the smallest set of tokens of this probability mass; 1 for all.
        top_k: Only the k likeliest tokens; 0 for all.
        max_new_tokens: Longest completion in tokens.
        stop: Texts before which the completion ends, besides the model's own end tokens.
    """

    request_id: str
    prompt: str
    seed: int
    temperature: float
    top_p: float
    top_k: int
    max_new_tokens: int
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """The continuation of one request's prompt.

    Attributes:
        request_id: The request's.
        text: What was generated, without the end token and without the text of a stop.
        tokens: Tokens generated, the end token included.
        finish_reason: `stop` (an end token or a stop text), `length`, or `time` where the engine's
            `request_s` had passed first; the text is then what there was.
    """

    request_id: str
    text: str
    tokens: int
    finish_reason: str


class Engine(Protocol):
    """Continues texts; a context manager that gives memory and devices back."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, as they finish, so in no particular order.

        Requests are drawn from the iterable as there is room for them; the model is loaded when
        the first is, so no requests cost nothing. A request's tokens depend on its own seed and not
        on its neighbours, as far as the arithmetic of the device allows; a time limit (`request_s`,
        counted from when the request is drawn) breaks that promise where it ends one.

        Raises:
            UserError: The model cannot be loaded, or a prompt does not fit in its context.
        """
        ...


@dataclass(frozen=True, slots=True)
class GeneratingModel:
    """A model that is ready to generate.

    Attributes:
        engine: Runs it.
        frame: Puts a user's text into the model's prompt.
        digest: Of its manifest.
    """

    engine: Engine
    frame: Callable[[str], str]
    digest: str


def request(
    request_id: str, prompt: str, seed: int, sampling: Sampling, stop: tuple[str, ...] = ()
) -> Request:
    """Returns a request that samples as a section of the config says."""
    return Request(
        request_id=request_id,
        prompt=prompt,
        seed=seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_new_tokens=sampling.max_new_tokens,
        stop=stop,
    )


R = TypeVar("R")


def complete_in_order(
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


def before_stop(text: str, stops: Iterable[str]) -> str | None:
    """Returns the part of `text` before the first of `stops`, or None where it holds none."""
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else None


def deadline(seconds: float | None) -> float:
    """Returns when a request that begins now is over, on the monotonic clock; None is never."""
    return float("inf") if seconds is None else time.monotonic() + seconds
