"""The two forms in which a server is asked for a completion, and how its reply is read."""

import sys
from pathlib import Path
from typing import Any, Protocol

from caco.engines.protocol import Completion, Request, before_stop
from caco.models.tokenizer import end_tokens, load_tokenizer

# Others (vLLM's `abort`, none at all) say that the server broke off: the request is put again.
_ENDS = ("stop", "length", "content_filter")
# What is left unsaid a server takes from the checkpoint's generation config (vLLM, SGLang) or from
# its own taste (llama.cpp: top-k 40, min-p 0.05), and a request says all of its sampling.
_NEUTRAL = {"min_p": 0.0, "repetition_penalty": 1.0}


class RequestFormat(Protocol):
    """How a request is put to a server."""

    path: str

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns what is posted, or None where the prompt fills the context."""
        ...

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion that a reply holds.

        Raises:
            KeyError, IndexError, TypeError, ValueError, AttributeError: It holds none.
        """
        ...


class CompletionsFormat:
    """A checkpoint's own prompt, as it stands: `/completions`.

    The prompt goes as token ids. Of a text, servers make ids by their own rules (SGLang and
    llama.cpp put a second token for the beginning before a prompt that has one).
    """

    path = "/completions"

    def __init__(self, folder: Path, model: str, context: int | None) -> None:
        """Reads the checkpoint's tokenizer.

        Args:
            folder: The checkpoint.
            model: What the server calls it.
            context: Longest prompt and completion together, where the server says.
        """
        self._tokenizer = load_tokenizer(folder)
        self._model, self._context = model, context or sys.maxsize
        self._end_ids = sorted(end_tokens(self._tokenizer, None))
        self._ends = tuple(self._tokenizer.convert_ids_to_tokens(self._end_ids))

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns what is posted, or None where the prompt fills the context."""
        ids = self._tokenizer(request.prompt, add_special_tokens=False)["input_ids"]
        limit = min(request.max_new_tokens, self._context - len(ids))
        if limit <= 0:
            return None
        return {
            **_sampling(request, self._model, limit),
            **_NEUTRAL,
            "top_k": request.top_k or -1,
            "prompt": ids,
            "stop": [*self._ends, *request.stop],
            # vLLM and SGLang: the end of a turn is seen as a token, and as a text only if special
            # tokens are written out.
            "stop_token_ids": self._end_ids,
            "skip_special_tokens": False,
        }

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion that a reply holds; see `RequestFormat.read`."""
        return _completion(request, reply, reply["choices"][0]["text"], self._ends)


class ChatFormat:
    """One user turn to a model that only the server has: `/chat/completions`."""

    path = "/chat/completions"

    def __init__(self, model: str) -> None:
        """Takes the model's name at the server."""
        self._model = model

    def body(self, request: Request) -> dict[str, Any] | None:
        """Returns what is posted; how long a prompt is only the server knows."""
        body = _sampling(request, self._model, request.max_new_tokens)
        # Beyond OpenAI's own interface: said only where it changes something.
        if request.top_k:
            body["top_k"] = request.top_k
        body["messages"] = [{"role": "user", "content": request.prompt}]
        if request.stop:
            body["stop"] = list(request.stop)
        return body

    def read(self, request: Request, reply: Any) -> Completion:
        """Returns the completion that a reply holds; see `RequestFormat.read`."""
        # A turn that the server's filter took away has no content.
        text = reply["choices"][0]["message"]["content"] or ""
        return _completion(request, reply, text, ())


def _sampling(request: Request, model: str, limit: int) -> dict[str, Any]:
    """Returns what both forms say of how to draw tokens."""
    return {
        "model": model,
        "max_tokens": limit,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
    }


def _completion(request: Request, reply: Any, text: Any, ends: tuple[str, ...]) -> Completion:
    """Returns a completion, without the text of a stop that the server left in it."""
    reason, tokens = reply["choices"][0]["finish_reason"], reply["usage"]["completion_tokens"]
    if reason not in _ENDS or not isinstance(text, str) or not isinstance(tokens, int):
        raise ValueError("no completion")
    if (cut := before_stop(text, (*ends, *request.stop))) is not None:
        text, reason = cut, "stop"
    return Completion(request.request_id, text, tokens, reason)
