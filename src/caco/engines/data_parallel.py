"""Data parallel inference over all GPUs of a job: one replica of the model per process.

Requests are distributed round-robin instead of to idle replicas, so that in every run a replica
receives the same requests in the same order. Equal batches, and so equal results, depend on it.
"""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, Self, TypeVar

from caco.config.engines import LARGEST_BATCH, TransformersEngineConfig, VllmEngineConfig
from caco.engines.protocol import Completion, Engine, Request
from caco.errors import CacoError, ClusterError
from caco.runtime.engine_start import last_ready, model_ready
from caco.runtime.gpus import gpu_groups
from caco.runtime.process import die_with_parent

S = TypeVar("S", TransformersEngineConfig, VllmEngineConfig)
Build = Callable[[Path, S], Engine]

# Queue length of a replica, in batches: it keeps a replica busy while the round-robin waits for
# another replica with longer completions.
_QUEUED_BATCHES = 4
_SHUTDOWN_S = 20.0  # for a replica to release its GPUs


class _Closed(Exception):
    """The process of the job has closed the pipe."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """When a replica had loaded its model; sent before its first completion."""

    at: float


class _Replica:
    """A replica, from the side of the job's process."""

    def __init__(self, folder: Path, section: S, build: Build[S], devices: str) -> None:
        """Starts its process by spawning, not forking; the model is loaded with the first request.

        Args:
            folder: The checkpoint.
            section: The settings of the engine.
            build: Creates the engine, in the new process.
            devices: The GPUs of the replica, as in `CUDA_VISIBLE_DEVICES`.
        """
        context = mp.get_context("spawn")
        self.pipe, remote = context.Pipe()
        self.in_flight = 0
        self._devices = devices
        self._process = context.Process(
            target=_run_replica, args=(remote, folder, section, build, devices)
        )
        self._process.start()
        remote.close()

    def send(self, request: Request | None) -> None:
        """Sends a request, or None after the last one."""
        try:
            self.pipe.send(request)
        except OSError:
            raise self._lost() from None
        self.in_flight += request is not None

    def receive(self) -> Completion:
        """Returns the next completion.

        Raises:
            CacoError: The engine of the replica failed, or its process exited.
        """
        try:
            reply = self.pipe.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(reply, _Ready):
            model_ready(reply.at)
            return self.receive()
        if isinstance(reply, CacoError):
            raise reply
        self.in_flight -= 1
        assert isinstance(reply, Completion)
        return reply

    def join(self) -> None:
        """Waits for the process, which exits once its pipe is closed; kills it after a timeout."""
        self._process.join(_SHUTDOWN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _lost(self) -> ClusterError:
        self._process.join(_SHUTDOWN_S)
        return ClusterError(
            f"the replica of the model on GPU {self._devices} exited with code "
            f"{self._process.exitcode}; see the lines above and the log of the node for the cause, "
            "then run again: finished rows are saved"
        )


def over_gpus(folder: Path, section: S, build: Build[S]) -> Engine:
    """Returns one engine over all GPUs of the job; the model is loaded on first use.

    Args:
        folder: The checkpoint.
        section: The settings of each replica.
        build: Creates the engine of one replica. Its engine is returned directly if the job has
            GPUs for only one replica, or no GPU.
    """
    devices = gpu_groups(section.gpus)
    if len(devices) < 2:
        return build(folder, section)
    return DataParallel(folder, section, build, devices)


class DataParallel(Generic[S]):
    """An engine over the replicas of one model."""

    def __init__(self, folder: Path, section: S, build: Build[S], devices: list[str]) -> None:
        """Prepares the engine; processes are started with the first request.

        Args:
            folder: The checkpoint.
            section: The settings of each replica.
            build: Creates the engine of one replica.
            devices: The GPUs of each replica, as in `CUDA_VISIBLE_DEVICES`.
        """
        self._folder = folder
        self._section: S = section
        self._build: Build[S] = build
        self._devices = devices
        self._replicas: list[_Replica] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, as they finish; see `caco.engines.protocol`.

        Raises:
            ClusterError: The process of a replica exited.
        """
        queue = iter(requests)
        if (first := next(queue, None)) is None:
            return
        self._replicas = self._replicas or [
            _Replica(self._folder, self._section, self._build, devices) for devices in self._devices
        ]
        try:
            yield from self._completions(chain([first], queue))
        finally:
            # The caller has closed the generator early.
            if any(replica.in_flight for replica in self._replicas):
                self._stop()

    def _stop(self) -> None:
        replicas, self._replicas = self._replicas, []
        for replica in replicas:
            replica.pipe.close()
        for replica in replicas:
            replica.join()

    def _completions(self, queue: Iterator[Request]) -> Iterator[Completion]:
        index, queue_length = 0, _QUEUED_BATCHES * (self._section.batch or LARGEST_BATCH)
        request = next(queue, None)
        while request is not None or any(replica.in_flight for replica in self._replicas):
            while request is not None and self._replicas[index].in_flight < queue_length:
                self._replicas[index].send(request)
                index = (index + 1) % len(self._replicas)
                if (request := next(queue, None)) is None:
                    for replica in self._replicas:
                        replica.send(None)
            busy: dict[Any, _Replica] = {r.pipe: r for r in self._replicas if r.in_flight}
            for pipe in wait([*busy]):
                yield busy[pipe].receive()


def _run_replica(pipe: Connection, folder: Path, section: S, build: Build[S], devices: str) -> None:
    """Runs a replica: processes requests until the job's process closes the pipe.

    Args:
        pipe: Receives requests, with None after the last one, and sends completions.
        folder: The checkpoint.
        section: The settings of the engine.
        build: Creates the engine.
        devices: The GPUs of the replica.
    """
    die_with_parent(signal.SIGKILL)()
    os.environ["CUDA_VISIBLE_DEVICES"] = devices
    inbox: SimpleQueue[Request | _Closed | None] = SimpleQueue()
    # Without a reader thread, both sides could block in `send`.
    threading.Thread(target=_read_requests, args=(pipe, inbox), daemon=True).start()
    with suppress(_Closed, BrokenPipeError), build(folder, section) as engine:
        reported = False
        try:
            while True:
                for completion in engine.generate(_requests(inbox)):
                    if not reported and (at := last_ready()) is not None:
                        pipe.send(_Ready(at))
                        reported = True
                    pipe.send(completion)
        except CacoError as error:
            pipe.send(error)


def _read_requests(pipe: Connection, inbox: "SimpleQueue[Request | _Closed | None]") -> None:
    """Moves requests from the pipe to the inbox as soon as they arrive."""
    while True:
        try:
            inbox.put(pipe.recv())
        except (EOFError, OSError):
            inbox.put(_Closed())
            return


def _requests(inbox: "SimpleQueue[Request | _Closed | None]") -> Iterator[Request]:
    """Yields the requests of one call of `generate`.

    Raises:
        _Closed: The pipe is closed.
    """
    while (request := inbox.get()) is not None:
        if isinstance(request, _Closed):
            raise request
        yield request
