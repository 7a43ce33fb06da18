"""An engine that returns recorded completions, so that a stage makes its rows and prompts again."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from caco.engines.protocol import Completion, Request, before_stop
from caco.models.tokenizer import completion_ids, declared_ends, end_tokens, load_tokenizer
from caco.proof.scores import DrawnRow


@dataclass(frozen=True, slots=True)
class Kept:
    """What a row keeps of a completion.

    Attributes:
        text: The text.
        finish_reason: As in `Completion`.
        token_ids: The drawn tokens, or None where `text` restores them.
    """

    text: str
    finish_reason: str
    token_ids: list[int] | None


class ReplayEngine:
    """Returns the recorded completion of each request, decoded from its tokens.

    Attributes:
        drawn: Prompt and tokens of each completion that is recorded.
        requests: Number of requests.
    """

    def __init__(self, folder: Path, kept: Callable[[Request], Kept | None], seeded: bool) -> None:
        """Loads the tokenizer.

        Args:
            folder: The checkpoint.
            kept: Returns what a row keeps of the completion of a request; None without a row.
            seeded: Whether `caco.engines.decoding` drew the tokens, so that the seed of a request
                draws them again.
        """
        self._tokenizer = load_tokenizer(folder)
        self._ends = end_tokens(self._tokenizer, declared_ends(folder))
        self._kept, self._seeded = kept, seeded
        self.drawn: list[DrawnRow] = []
        self.requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, in order; see `caco.engines.protocol`.

        One that is not recorded is empty and has the finish reason `length`.
        """
        for request in requests:
            self.requests += 1
            kept = self._kept(request)
            if kept is None:
                yield Completion(request.request_id, "", 0, "length")
                continue
            ids = kept.token_ids
            if ids is None:
                ids = completion_ids(self._tokenizer, kept.text, kept.finish_reason)
            prompt = self._tokenizer(request.prompt, add_special_tokens=False)["input_ids"]
            seed = request.seed if self._seeded else None
            self.drawn.append(DrawnRow(tuple(prompt), tuple(ids), seed))
            text = self._text(ids, kept.finish_reason, request.stop)
            yield Completion(request.request_id, text, len(ids), kept.finish_reason, tuple(ids))

    def _text(self, ids: list[int], finish_reason: str, stop: tuple[str, ...]) -> str:
        """Returns the text of drawn tokens, as the engines return it."""
        ended = finish_reason == "stop" and bool(ids) and ids[-1] in self._ends
        text: str = self._tokenizer.decode(
            ids[:-1] if ended else ids, clean_up_tokenization_spaces=False
        )
        cut = before_stop(text, stop) if finish_reason == "stop" and not ended else None
        return text if cut is None else cut
