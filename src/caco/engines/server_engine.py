"""Generation by an OpenAI-compatible server, with many concurrent requests."""

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
from caco.engines.server_client import PromptTooLong, RequestTimeout, Server
from caco.errors import UserError
from caco.models.served import served_model

T = TypeVar("T")


class EventLoopThread:
    """An event loop in a background thread; a context manager.

    The loop runs in its own thread because the caller may be busy between two completions, for
    example with writing rows; replies of the server would time out meanwhile.
    """

    def __enter__(self) -> Self:
        """Starts the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Stops the thread; call `cancel` first if coroutines still run."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts a coroutine and returns the future of its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def cancel(self) -> None:
        """Cancels all running coroutines and waits until they have finished."""
        self.start(_cancel_others()).result()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine for a server; it connects with the first request."""
    return ServerEngine(folder, section)


class ServerEngine:
    """An engine for a server that has the model loaded.

    Prompts of a checkpoint are sent as token ids; those of a served model as one user turn. The
    server returns only complete completions, so a completion that `request_s` ends is empty.
    """

    def __init__(self, folder: Path, section: Settings) -> None:
        """Prepares the engine; it connects with the first request.

        Args:
            folder: The checkpoint that the server runs, or the folder of a served model.
            section: Address variables, limits and retries.
        """
        self._folder, self._section = folder, section

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass  # connections are closed at the end of each call of `generate`

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, as they finish; see `caco.engines.protocol`.

        Raises:
            UserError: The server rejects the address, key, model or request.
            ClusterError: The server is unreachable, or one request failed `attempts` times.
        """
        queue = iter(requests)
        if (first := next(queue, None)) is None:
            return
        server = Server(self._section)
        with EventLoopThread() as loop:
            try:
                format_ = loop.start(self._request_format(server)).result()
                yield from self._completions(loop, server, format_, chain([first], queue))
            finally:
                loop.cancel()
                loop.start(server.close()).result()

    def _completions(
        self,
        loop: EventLoopThread,
        server: Server,
        format_: RequestFormat,
        queue: Iterator[Request],
    ) -> Iterator[Completion]:
        """Keeps `concurrency` requests in flight; yields completions as they finish."""
        finished: SimpleQueue[Future[Completion]] = SimpleQueue()
        in_flight = 0
        while True:
            for request in islice(queue, self._section.concurrency - in_flight):
                completion = _complete(server, format_, request, format_.body(request))
                loop.start(completion).add_done_callback(finished.put)
                in_flight += 1
            if not in_flight:
                return
            yield finished.get().result()
            in_flight -= 1

    async def _request_format(self, server: Server) -> RequestFormat:
        """Returns the request format for this model."""
        if (served := served_model(self._folder)) is not None:
            return ChatFormat(served.name, self._section.disable_thinking)
        models = await server.call("/models", _contexts)
        name = next(iter(models)) if len(models) == 1 else str(self._folder)
        if name not in models:
            raise UserError(
                f"{server.url}/models: the server has {len(models)} models "
                f"({', '.join(sorted(models)) or 'none'}); serve only {self._folder}, or serve it "
                "under that name"
            )
        return CompletionsFormat(self._folder, name, models[name])


async def _complete(
    server: Server, format_: RequestFormat, request: Request, body: dict[str, Any] | None
) -> Completion:
    """Returns the completion of a request; empty if the prompt or the time limit is exceeded."""
    if body is None:
        return Completion(request.request_id, "", 0, "length")
    try:
        return await server.call(format_.path, lambda reply: format_.read(request, reply), body)
    except PromptTooLong:
        return Completion(request.request_id, "", 0, "length")
    except RequestTimeout:
        return Completion(request.request_id, "", 0, "time")


def _contexts(reply: Any) -> dict[str, int | None]:
    """Returns the models of a server with their context length, if reported (vLLM, SGLang)."""
    return {model["id"]: model.get("max_model_len") for model in reply["data"]}
