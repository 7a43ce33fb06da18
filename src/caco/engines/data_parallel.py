"""One engine over all GPUs of a job: a copy of the model on each, in a process of its own.

Requests are dealt out in turn and not as a copy becomes free, so that in each run a copy meets the
same requests in the same order: the condition of equal batches, and so of equal results.
"""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Self, TypeVar

from caco.config.engines import TransformersEngineConfig, VllmEngineConfig
from caco.engines.protocol import Completion, Engine, Request
from caco.errors import CacoError, ClusterError
from caco.runtime.gpus import gpu_groups
from caco.runtime.process import die_with_parent

Settings = TransformersEngineConfig | VllmEngineConfig
S = TypeVar("S", TransformersEngineConfig, VllmEngineConfig)

# Requests given to a copy and not answered, in batches: what waits there bridges the time until a
# copy that has longer rows is done with them and it is its turn again.
_AHEAD = 4
_TO_END_S = 20.0  # for a copy to give its GPUs back


class _Closed(Exception):
    """The job's process wants no more."""


class _Replica:
    """One copy, as the job's process sees it."""

    def __init__(self, folder: Path, section: Settings, devices: str) -> None:
        """Starts its process, spawned so that nothing of this one is copied; it loads nothing yet.

        Args:
            folder: The checkpoint.
            section: The engine's settings.
            devices: Its GPUs, as in `CUDA_VISIBLE_DEVICES`.
        """
        context = mp.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.under_way = 0
        self._devices = devices
        self._process = context.Process(target=_work, args=(theirs, folder, section, devices))
        self._process.start()
        theirs.close()

    def give(self, request: Request | None) -> None:
        """Sends a request, or None after the last one."""
        try:
            self.pipe.send(request)
        except OSError:
            raise self._lost() from None
        self.under_way += request is not None

    def take(self) -> Completion:
        """Returns the next completion.

        Raises:
            CacoError: What the copy's engine raises; or that its process ended.
        """
        try:
            reply = self.pipe.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(reply, CacoError):
            raise reply
        self.under_way -= 1
        assert isinstance(reply, Completion)
        return reply

    def end(self) -> None:
        """Waits for the process, which ends by itself once its pipe is closed, or kills it."""
        self._process.join(_TO_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _lost(self) -> ClusterError:
        self._process.join(_TO_END_S)
        return ClusterError(
            f"the copy of the model on GPU {self._devices} ended with exit code "
            f"{self._process.exitcode}; the lines above or the node's own log say why; run again: "
            "finished rows are kept"
        )


def over_gpus(folder: Path, section: S, build: Callable[[Path, S], Engine]) -> Engine:
    """Returns one engine over all GPUs of the job; nothing is loaded yet.

    Args:
        folder: The checkpoint.
        section: The settings of each replica.
        build: Makes the engine of one replica, which is used as it is where the job has GPUs for
            one alone, or none.
    """
    devices = gpu_groups(section.gpus)
    return DataParallel(folder, section, devices) if len(devices) > 1 else build(folder, section)


class DataParallel:
    """An engine over several copies of one model."""

    def __init__(self, folder: Path, section: Settings, devices: list[str]) -> None:
        """Starts nothing yet.

        Args:
            folder: The checkpoint.
            section: The settings of each copy.
            devices: The GPUs of each copy, as in `CUDA_VISIBLE_DEVICES`.
        """
        self._folder, self._section, self._devices = folder, section, devices
        self._copies: list[_Replica] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, as they finish; see `caco.engines.protocol`.

        Raises:
            ClusterError: A copy's process ended.
        """
        queue = iter(requests)
        if (first := next(queue, None)) is None:
            return
        self._copies = self._copies or [
            _Replica(self._folder, self._section, devices) for devices in self._devices
        ]
        try:
            yield from self._answered(chain([first], queue))
        finally:
            if any(copy.under_way for copy in self._copies):  # whoever asked has had enough
                self._end()

    def _end(self) -> None:
        copies, self._copies = self._copies, []
        for copy in copies:
            copy.pipe.close()
        for copy in copies:
            copy.end()

    def _answered(self, queue: Iterator[Request]) -> Iterator[Completion]:
        turn, ahead = 0, _AHEAD * self._section.batch
        request = next(queue, None)
        while request is not None or any(copy.under_way for copy in self._copies):
            while request is not None and self._copies[turn].under_way < ahead:
                self._copies[turn].give(request)
                turn = (turn + 1) % len(self._copies)
                if (request := next(queue, None)) is None:
                    for copy in self._copies:
                        copy.give(None)
            at_work = {copy.pipe: copy for copy in self._copies if copy.under_way}
            for pipe in wait([*at_work]):
                yield at_work[pipe].take()  # type: ignore[index]


def _work(pipe: Connection, folder: Path, section: Settings, devices: str) -> None:
    """Is a copy: answers requests until the job's process closes the pipe.

    Args:
        pipe: Requests come through it, None after the last one; completions go back.
        folder: The checkpoint.
        section: The engine's settings.
        devices: The copy's GPUs.
    """
    die_with_parent(signal.SIGKILL)()
    os.environ["CUDA_VISIBLE_DEVICES"] = devices
    from caco.engines.open import open_engine

    inbox: SimpleQueue[Request | _Closed | None] = SimpleQueue()
    # Else both sides might wait for the other to read.
    threading.Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    with suppress(_Closed, BrokenPipeError), open_engine(folder, section) as engine:
        try:
            while True:
                for completion in engine.generate(_asked(inbox)):
                    pipe.send(completion)
        except CacoError as error:
            pipe.send(error)


def _receive(pipe: Connection, inbox: "SimpleQueue[Request | _Closed | None]") -> None:
    """Takes whatever comes through the pipe, at once."""
    while True:
        try:
            inbox.put(pipe.recv())
        except (EOFError, OSError):
            inbox.put(_Closed())
            return


def _asked(inbox: "SimpleQueue[Request | _Closed | None]") -> Iterator[Request]:
    """Yields the requests of one call of `generate`.

    Raises:
        _Closed: There will be no more.
    """
    while (request := inbox.get()) is not None:
        if isinstance(request, _Closed):
            raise request
        yield request
