"""What an engine promises, whichever it is: requests in, completions out, a seed each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from caco.config.generation import Sampling


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
