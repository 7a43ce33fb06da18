"""Generation by any OpenAI-compatible server, many requests under way at a time."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self

from caco.config.engines import ServerEngine as Settings
from caco.engines.forms import ChatForm, Form, TextForm
from caco.engines.loop import Loop
from caco.engines.protocol import Completion, Request
from caco.engines.server import OutOfTime, Server, TooLong
from caco.errors import UserError
from caco.models.served import served_model


class ServerEngine:
    """An engine over a server, which has the model loaded.

    A checkpoint is asked with its own prompts, token by token as they stand; a model that only the
    server has, with one user turn. A server tells nothing of a completion before its end, so one
    that `request_s` ends is empty.
    """

    def __init__(self, folder: Path, section: Settings) -> None:
        """Connects to nothing yet.

        Args:
            folder: The checkpoint that the server runs, or the folder of a served model.
            section: Where the server is, and how it may be asked.
        """
        self._folder, self._section = folder, section

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass  # connections live as long as one call of `generate`

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, as they finish; see `caco.engines.protocol`.

        Raises:
            UserError: The server refuses address, key, model or request.
            ClusterError: The server cannot be reached, or fails `attempts` times on one request.
        """
        queue = iter(requests)
        if (first := next(queue, None)) is None:
            return
        server = Server(self._section)
        with Loop() as loop:
            try:
                form = loop.start(self._form(server)).result()
                yield from self._finished(loop, server, form, chain([first], queue))
            finally:
                loop.cancel()
                loop.start(server.close()).result()

    def _finished(
        self, loop: Loop, server: Server, form: Form, queue: Iterator[Request]
    ) -> Iterator[Completion]:
        """Keeps as many requests under way as the section allows; yields what is finished."""
        finished: SimpleQueue[Future[Completion]] = SimpleQueue()
        under_way = 0
        while True:
            for request in islice(queue, self._section.concurrency - under_way):
                answer = _answer(server, form, request, form.body(request))
                loop.start(answer).add_done_callback(finished.put)
                under_way += 1
            if not under_way:
                return
            yield finished.get().result()
            under_way -= 1

    async def _form(self, server: Server) -> Form:
        """Returns the form in which the server is asked for this model."""
        if (served := served_model(self._folder)) is not None:
            return ChatForm(served.name)
        models = await server.ask("/models", _contexts)
        name = next(iter(models)) if len(models) == 1 else str(self._folder)
        if name not in models:
            raise UserError(
                f"{server.url}/models: the server has {len(models)} models "
                f"({', '.join(sorted(models)) or 'none'}); let it serve {self._folder} alone, or "
                "under that name"
            )
        return TextForm(self._folder, name, models[name])


async def _answer(
    server: Server, form: Form, request: Request, body: dict[str, Any] | None
) -> Completion:
    """Returns a request's completion; one that cannot be had whole is empty and says why."""
    if body is None:
        return Completion(request.request_id, "", 0, "length")
    try:
        return await server.ask(form.path, lambda reply: form.read(request, reply), body)
    except TooLong:
        return Completion(request.request_id, "", 0, "length")
    except OutOfTime:
        return Completion(request.request_id, "", 0, "time")


def _contexts(reply: Any) -> dict[str, int | None]:
    """Returns a server's models, each with its context where the server says (vLLM, SGLang)."""
    return {model["id"]: model.get("max_model_len") for model in reply["data"]}
