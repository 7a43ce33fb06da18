"""A measured program in a process of its own, which answers one request after the other."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from caco.errors import UserError


class OwnProcess:
    """A spawned process; a context manager that starts and ends it.

    Attributes:
        ready: The first message of the process, once it is started.
    """

    ready: Any = None

    def __init__(self, label: str, serve: Callable[..., None], *args: Any) -> None:
        """Prepares the process.

        Args:
            label: Its name in an error.
            serve: What it runs, with its end of a pipe and `args`. It sends a message when it is
                ready, and one for each request that it receives, until that is None.
            args: Further arguments of `serve`.
        """
        context = multiprocessing.get_context("spawn")
        self._label = label
        self._connection, self._other = context.Pipe()
        self._process = context.Process(target=serve, args=(self._other, *args))

    def __enter__(self) -> "OwnProcess":
        self._process.start()
        self._other.close()  # so that a process that has exited is an end of file here
        self.ready = self._received()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(BrokenPipeError):  # it has ended
            self._connection.send(None)
        self._process.join(60)
        self._process.kill()

    def ask(self, request: Any) -> Any:
        """Returns the answer to a request.

        Raises:
            UserError: The process has ended.
        """
        self._connection.send(request)
        return self._received()

    def _received(self) -> Any:
        try:
            return self._connection.recv()
        except EOFError:
            raise UserError(f"{self._label}: its process ended; see the error above") from None
