"""Request formats of an OpenAI-compatible server: body of a request, parsing of a reply."""

import re
import sys
from pathlib import Path
from typing import Any, Protocol

from caco.engines.protocol import Completion, Request, before_stop
from caco.models.tokenizer import declared_ends, end_tokens, load_tokenizer
from caco.text.chat import NO_THINKING

_SURROGATE = re.compile("[\ud800-\udfff]")
# Another finish reason (vLLM's `abort`), or none, means that the server aborted: retry.
_FINISH_REASONS = ("stop", "length", "content_filter")
# Servers take missing parameters from the checkpoint's generation config (vLLM, SGLang) or from
# their own defaults (llama.cpp: top-k 40, min-p 0.05), so a request sets all of them.
_NEUTRAL = {"min_p": 0.0, "repetition_penalty": 1.0}


class RequestFormat(Protocol):
    """An API of the server: its path, bodies and replies."""

    path: str

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns the JSON body, or None if the prompt fills the context."""
        ...

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion in a reply.

        Raises:
            KeyError, IndexError, TypeError, ValueError, AttributeError: The reply is malformed.
        """
        ...


class CompletionsFormat:
    """The `/completions` API, for a checkpoint whose tokenizer is available here.

    The prompt is sent as token ids, because servers tokenise a text differently: SGLang and
    llama.cpp add a BOS token to a prompt that already has one.
    """

    path = "/completions"

    def __init__(self, folder: Path, model: str, context: int | None) -> None:
        """Loads the tokenizer of the checkpoint.

        Args:
            folder: The checkpoint.
            model: The name of the model at the server.
            context: Maximum length of prompt and completion, if the server reports it.
        """
        self._tokenizer = load_tokenizer(folder)
        self._model, self._context = model, context or sys.maxsize
        self._end_ids = sorted(end_tokens(self._tokenizer, declared_ends(folder)))
        names = self._tokenizer.convert_ids_to_tokens(self._end_ids)
        self._end_strings = tuple(name for name in names if name is not None)

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns the JSON body, or None if the prompt fills the context."""
        ids = self._tokenizer(request.prompt, add_special_tokens=False)["input_ids"]
        limit = min(request.max_new_tokens, self._context - len(ids))
        if limit <= 0:
            return None
        return {
            **_sampling(request, self._model, limit),
            **_NEUTRAL,
            "top_k": request.top_k or -1,
            "prompt": ids,
            "stop": [*self._end_strings, *request.stop],
            # vLLM and SGLang match the end of a turn as a token id, and as a string only if special
            # tokens are not skipped.
            "stop_token_ids": self._end_ids,
            "skip_special_tokens": False,
        }

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion in a reply; see `RequestFormat.read`."""
        return _completion(request, reply, reply["choices"][0]["text"], self._end_strings)


class ChatFormat:
    """The `/chat/completions` API with one user turn, for a model without a local checkpoint.

    The text is the content of the reply. Servers return the thoughts of a model in another field,
    `reasoning_content` or `reasoning`, or within the content.
    """

    path = "/chat/completions"

    def __init__(self, model: str, disable_thinking: bool) -> None:
        """Stores the name of the model at the server, and whether to disable its thinking."""
        self._model, self._disable_thinking = model, disable_thinking

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns the JSON body; the length of the prompt is not known here."""
        body = _sampling(request, self._model, request.max_new_tokens)
        # Not part of OpenAI's API, so they are sent only if they are set.
        if request.top_k:
            body["top_k"] = request.top_k
        if self._disable_thinking:
            body["chat_template_kwargs"] = NO_THINKING
        body["messages"] = [{"role": "user", "content": request.prompt}]
        if request.stop:
            body["stop"] = list(request.stop)
        return body

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion in a reply; see `RequestFormat.read`."""
        # A turn that the content filter removed, or that consists of thoughts, has no content.
        text = reply["choices"][0]["message"]["content"] or ""
        return _completion(request, reply, text, ())


def _sampling(request: Request, model: str, limit: int) -> dict[str, Any]:
    """Returns the sampling parameters that both formats share."""
    return {
        "model": model,
        "max_tokens": limit,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
    }


def _completion(
    request: Request, reply: Any, text: Any, end_strings: tuple[str, ...]
) -> Completion:
    """Returns a completion, cut at a stop string that the server has left in the text."""
    reason, tokens = reply["choices"][0]["finish_reason"], reply["usage"]["completion_tokens"]
    if reason not in _FINISH_REASONS or not isinstance(text, str) or not isinstance(tokens, int):
        raise ValueError("not a completion")
    text = _SURROGATE.sub("\ufffd", text)  # half of a character, which no file of rows can hold
    if (cut := before_stop(text, (*end_strings, *request.stop))) is not None:
        text, reason = cut, "stop"
    return Completion(request.request_id, text, tokens, reason)
