"""Generation by any OpenAI-compatible server, with many concurrent requests."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import Future
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from caco.config.engines import ServerEngineConfig as Settings
from caco.engines.protocol import Completion, Engine, Request
from caco.engines.request_formats import ChatFormat, CompletionsFormat, RequestFormat
from caco.engines.server_client import OutOfTime, Server, TooLong
from caco.errors import UserError
from caco.models.served import served_model

T = TypeVar("T")


class EventLoopThread:
    """Runs coroutines while its caller does something else; a context manager.

    A thread rather than a loop that the caller turns: a caller that writes rows, or executes
    programs between two completions, must not keep a server's replies waiting until they time out.
    """

    def __enter__(self) -> Self:
        """Starts the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends the thread; cancel what still runs before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts a coroutine and returns the future of its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def cancel(self) -> None:
        """Cancels every coroutine that still runs, and waits until all have ended."""
        self.start(_cancel_others()).result()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine over a server; nothing is connected yet."""
    return ServerEngine(folder, section)


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
        with EventLoopThread() as loop:
            try:
                form = loop.start(self._form(server)).result()
                yield from self._finished(loop, server, form, chain([first], queue))
            finally:
                loop.cancel()
                loop.start(server.close()).result()

    def _finished(
        self, loop: EventLoopThread, server: Server, form: RequestFormat, queue: Iterator[Request]
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

    async def _form(self, server: Server) -> RequestFormat:
        """Returns the form in which the server is asked for this model."""
        if (served := served_model(self._folder)) is not None:
            return ChatFormat(served.name)
        models = await server.ask("/models", _contexts)
        name = next(iter(models)) if len(models) == 1 else str(self._folder)
        if name not in models:
            raise UserError(
                f"{server.url}/models: the server has {len(models)} models "
                f"({', '.join(sorted(models)) or 'none'}); let it serve {self._folder} alone, or "
                "under that name"
            )
        return CompletionsFormat(self._folder, name, models[name])


async def _answer(
    server: Server, form: RequestFormat, request: Request, body: dict[str, Any] | None
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
