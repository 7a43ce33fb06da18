"""The interface of every engine: requests in, completions out, one seed per request."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from caco.config.generation import Sampling
from caco.errors import CacoError, UserError
from caco.runtime.progress import Progress


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to complete.

    Attributes:
        request_id: Identifies the request within one call of `generate`.
        prompt: The complete prompt, including special tokens; engines add nothing.
        seed: The seed of all random numbers of this completion.
        temperature: Sampling temperature; 0 is greedy decoding.
        top_p: Nucleus sampling: the smallest set of tokens with this probability mass; 1 for all.
        top_k: Sampling from the k most likely tokens; 0 for all.
        max_new_tokens: Maximum length of the completion in tokens.
        stop: Stop strings, in addition to the end tokens of the model.
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
    """The completion of one request.

    Attributes:
        request_id: The id of the request.
        text: The generated text, without the end token and up to a stop string.
        tokens: Number of generated tokens, including the end token.
        finish_reason: `stop` (an end token or a stop string), `length`, or `time` if the request
            exceeded the engine's `request_s`; the text is then what was generated until then.
        token_ids: The drawn tokens, including the end token and what a stop string cuts off; None
            if the engine does not know them (a server returns only text).
    """

    request_id: str
    text: str
    tokens: int
    finish_reason: str
    token_ids: tuple[int, ...] | None = None


class Engine(Protocol):
    """Completes prompts; a context manager that releases memory and devices on exit."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, in the order in which they finish.

        Requests are drawn from the iterable as the engine has capacity. The model is loaded with
        the first request, so an empty iterable loads nothing. The tokens of a request depend on its
        own seed and not on the other requests in the batch, as far as the arithmetic of the device
        permits. A completion that a time limit (`request_s`, from when the request is drawn) ends
        is not reproducible.

        Raises:
            UserError: The model cannot be loaded, or a prompt does not fit in its context.
        """
        ...


@dataclass(frozen=True, slots=True)
class GeneratingModel:
    """A model that is ready to generate.

    Attributes:
        engine: The engine that runs the model.
        frame: Converts a user's text to the prompt of the model.
        digest: The digest in the manifest of the model.
        turns: Converts the contents of several turns, user's and assistant's alternately, to the
            prompt of the model; None if the engine takes one turn only.
        encode: Converts the text of a completion and its finish reason to token ids
            (`caco.models.tokenizer.completion_ids`); None for a model without a tokenizer here.
        keep: Receives the completions of a step whose rows keep a part of them; None elsewhere.
    """

    engine: Engine
    frame: Callable[[str], str]
    digest: str
    turns: Callable[..., str] | None = None
    encode: Callable[[str, str], list[int]] | None = None
    keep: Callable[[Completion], None] | None = None

    def converse(self, contents: Sequence[str]) -> str:
        """Returns the prompt of several turns.

        Args:
            contents: The contents of turns of user and assistant, alternately; the last is the
                user's.

        Raises:
            UserError: There are several, and the engine takes one turn only.
        """
        if len(contents) == 1:
            return self.frame(contents[0])
        if self.turns is None:
            raise UserError(
                "a served model takes one turn, and the examples of this prompt are turns of "
                "their own; set `examples: 0`, or `prompt: short` where the step has that key"
            )
        return self.turns(*contents)

    def kept_ids(self, text: str, completion: Completion) -> list[int] | None:
        """Returns the drawn tokens where the text that a row keeps does not restore them.

        A model may draw ` 1` and `2` where its tokenizer encodes ` 12`. `caco.proof` needs what was
        drawn. Most texts restore it, so most rows keep no ids.

        Args:
            text: The text that the row keeps: that of the completion, or a part of it.
            completion: The completion.

        Returns:
            None where `text` restores the tokens, or where the engine does not know them.
        """
        if completion.token_ids is None or self.encode is None:
            return None
        drawn = list(completion.token_ids)
        return None if self.encode(text, completion.finish_reason) == drawn else drawn


def request(
    request_id: str, prompt: str, seed: int, sampling: Sampling, stop: tuple[str, ...] = ()
) -> Request:
    """Returns a request with the sampling settings of a config section."""
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
    engine: Engine,
    requests: Iterable[tuple[R, Request]],
    progress: Progress | None = None,
    keep: Callable[[Completion], None] | None = None,
) -> Iterator[tuple[R, Completion]]:
    """Yields each row with its completion, in the order of `requests`.

    Rows are drawn lazily, as the engine requests them. Memory holds the rows in flight and finished
    rows that wait for an earlier one.

    Args:
        engine: The engine.
        requests: Rows, each with its request; request ids are unique.
        progress: Counts the finished completions.
        keep: Receives each completion, in the order of `requests`.

    Raises:
        CacoError: The engine returned no completion for a request.
    """
    pending: deque[tuple[R, str]] = deque()
    finished: dict[str, Completion] = {}

    def drawn() -> Iterator[Request]:
        for row, request in requests:
            pending.append((row, request.request_id))
            yield request

    for completion in engine.generate(drawn()):
        finished[completion.request_id] = completion
        if progress is not None:
            progress.add()
        while pending and pending[0][1] in finished:
            row, request_id = pending.popleft()
            ready = finished.pop(request_id)
            if keep is not None:
                keep(ready)
            yield row, ready
    if pending:
        raise CacoError(f"the engine returned no completion for {len(pending)} requests")


def before_stop(text: str, stops: Iterable[str]) -> str | None:
    """Returns `text` up to the first of the strings `stops`, or None if it contains none."""
    found = [index for stop in stops if (index := text.find(stop)) >= 0]
    return text[: min(found)] if found else None


def deadline(seconds: float | None) -> float:
    """Returns the time on the monotonic clock `seconds` from now; infinity for None."""
    return float("inf") if seconds is None else time.monotonic() + seconds


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vector of one text.

    Attributes:
        vector: Of length 1, as the bytes of a row (`caco.vectors.stored`); None if the
            model's vector is zero or not finite, or the text has no token.
        tokens: Tokens that were embedded.
        truncated: Whether the text has more.
    """

    vector: bytes | None
    tokens: int
    truncated: bool


class Embedder(Protocol):
    """Embeds texts; a context manager that releases memory and devices on exit."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def embed(self, texts: Sequence[str]) -> list[Embedded]:
        """Returns the vector of each text, in order.

        The model is loaded with the first text. A vector does not depend on the other texts, as
        far as the arithmetic of the device permits.

        Raises:
            UserError: The model cannot be loaded.
        """
        ...


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model that is ready to embed.

    Attributes:
        embed: Yields rows with the vectors of their complete texts, in order.
        prefix: The text before each text.
        digest: The digest in the manifest of the model.
    """

    embed: Callable[[Iterable[tuple[str, str]]], Iterator[tuple[str, Embedded]]]
    prefix: str
    digest: str
