"""The sandbox on nsjail: warm parents in jails, and a forked child for every program.

A worker is a thread that runs programs one at a time, each in a fork of the warm parent of its
kind. Threads suffice because the work is done in the jails. A lost parent is replaced and the
program without a reply is run again, so a failure of the jail never becomes a program's outcome.
"""

import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox.cgroups import Cgroups, CgroupsUnavailable
from caco.sandbox.jail import Kind, jail_config, kind_of
from caco.sandbox.launcher import nsjail_binary
from caco.sandbox.protocol import Execution, Outcome
from caco.sandbox.record import KilledByHost, execution
from caco.sandbox.warm_parent import ParentLost, WarmParent

_CHUNK = 16  # programs submitted to a worker at a time
_CHUNKS_PER_WORKER = 4  # read ahead from the input
_PROGRAMS_PER_PARENT = 20_000  # after which a parent is replaced
_ATTEMPTS = 9  # for one program or one start: 25 s of pauses outlast a short lack of memory
_PAUSE_S = 0.2  # before the third attempt; none before the second, doubled before each later one
_KILLS_BEFORE_VERDICT = 3  # SIGKILLs from outside after which the program counts as their cause
_PROBE = "input = {'x': 1}\noutput = input['x'] + 1\n"


class NsjailSandbox:
    """Executes programs in parallel, each in its own process and namespaces."""

    def __init__(self, limits: Limits, workers: int) -> None:
        """Prepares the sandbox; processes are started by `__enter__`.

        Args:
            limits: Limits of one program.
            workers: Number of programs that run in parallel.
        """
        self._limits = limits
        self._idle_workers: SimpleQueue[_Worker] = SimpleQueue()
        self._workers = [_Worker(limits) for _ in range(workers)]

    def __enter__(self) -> Self:
        """Finds nsjail and runs a probe program, so that an unsuitable host is reported at once.

        Raises:
            SandboxUnavailable: The probe failed; the message names what this host lacks.
        """
        binary = nsjail_binary()
        try:
            self._cgroups: Cgroups | None = Cgroups.make()
        except CgroupsUnavailable:
            self._cgroups = None
        for worker in self._workers:
            worker.binary, worker.cgroups = binary, self._cgroups
            self._idle_workers.put(worker)
        self._pool = ThreadPoolExecutor(len(self._workers), thread_name_prefix="sandbox")
        try:
            (probe,) = self._workers[0].run([_PROBE], 0)
            if probe.outcome is not Outcome.OK:
                raise SandboxUnavailable(
                    f"a probe program of two lines failed in the sandbox ({probe.outcome}: "
                    f"{probe.detail}); raise the limits in the `sandbox` section of the config"
                )
            for worker in self._workers:
                worker.jails_start = True
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Stops the jails and every program that still runs in them."""
        for worker in self._workers:
            worker.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        if self._cgroups:
            self._cgroups.close()

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        """Executes `programs` and yields their executions in order; see `Sandbox.run`."""
        pending: deque[Future[list[Execution]]] = deque()
        source = iter(programs)
        try:
            while chunk := list(islice(source, _CHUNK)):
                pending.append(self._pool.submit(self._run_chunk, chunk, repeat))
                if len(pending) >= len(self._workers) * _CHUNKS_PER_WORKER:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def _run_chunk(self, programs: Sequence[str], repeat: int) -> list[Execution]:
        worker = self._idle_workers.get()
        try:
            return worker.run(programs, repeat)
        finally:
            self._idle_workers.put(worker)


class _Worker:
    """Runs programs one at a time, with one warm parent of each kind."""

    binary: Path
    cgroups: Cgroups | None = None
    jails_start = False  # until a jail has started on this host, a failure counts as permanent

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parents: dict[tuple[Kind, int], WarmParent] = {}
        self._stopped = False
        self._oom_kills = _oom_kills()

    def stop(self) -> None:
        """Closes the channels of the parents; a program that is running is lost."""
        self._stopped = True
        for parent in list(self._parents.values()):
            parent.close_channel()

    def close(self) -> None:
        """Releases the resources of the parents; the worker must be idle."""
        for key in list(self._parents):
            self._close_parent(key)

    def run(self, programs: Sequence[str], repeat: int) -> list[Execution]:
        """Executes `programs`, grouped by kind, and returns the executions in order.

        Raises:
            SandboxUnavailable: No jail can be started, or jails fail repeatedly.
        """
        executions: dict[int, Execution] = {}
        kinds = [kind_of(program) for program in programs]
        for kind in dict.fromkeys(kinds):
            indices = [i for i, k in enumerate(kinds) if k is kind]
            texts = [programs[i].encode("utf-8", "surrogatepass") for i in indices]
            executions.update(zip(indices, self._run_kind(kind, texts, repeat), strict=True))
        return [executions[i] for i in range(len(programs))]

    def _run_kind(self, kind: Kind, texts: list[bytes], repeat: int) -> Iterator[Execution]:
        """Yields the executions of programs of one kind."""
        key = (kind, repeat)
        if key in self._parents and self._parents[key].served >= _PROGRAMS_PER_PARENT:
            self._close_parent(key)
        for text in texts:
            yield self._run_one(key, text, repeat)

    def _run_one(self, key: tuple[Kind, int], text: bytes, repeat: int) -> Execution:
        """Runs one program; runs it again if its jail fails."""
        kills = 0
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return execution(self._parent(key).execute(text, repeat), self._limits)
            except KilledByHost as e:
                failure: Exception = e
                if not self._machine_out_of_memory():
                    kills += 1
                # A killer outside the jail would not hit the same program every time.
                if kills == _KILLS_BEFORE_VERDICT:
                    return e.as_killed()
            except (ParentLost, SandboxUnavailable) as e:
                failure = e
            self._close_parent(key)
            if self._stopped or not self.jails_start:
                break
            if 1 < attempt < _ATTEMPTS:
                time.sleep(_PAUSE_S * 2 ** (attempt - 2))
        raise _unavailable(failure, attempt) from None

    def _machine_out_of_memory(self) -> bool:
        """Returns whether the OOM killer of the machine ran since the last call."""
        before, self._oom_kills = self._oom_kills, _oom_kills()
        return self._oom_kills > before

    def _parent(self, key: tuple[Kind, int]) -> WarmParent:
        """Returns the warm parent for a kind and a hash seed, and starts it if there is none."""
        if self._stopped:
            raise ParentLost
        if key not in self._parents:
            try:
                group = self.cgroups.jail(self._limits.memory_mb) if self.cgroups else None
            except OSError as e:
                raise SandboxUnavailable(f"no cgroup can be created for a jail ({e})") from None
            config = jail_config(self._limits, *key, group)
            self._parents[key] = WarmParent(self.binary, config, self._limits.wall_s, group)
            self._parents[key].wait_until_warm()
            self.jails_start = True
        return self._parents[key]

    def _close_parent(self, key: tuple[Kind, int]) -> None:
        if key in self._parents:
            self._parents.pop(key).close()


def _oom_kills() -> int:
    """Returns how many processes the OOM killer of this machine has killed since boot."""
    found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _unavailable(failure: Exception, attempts: int) -> SandboxUnavailable:
    """Returns the error for a program whose attempts all failed."""
    if isinstance(failure, SandboxUnavailable):
        return failure
    if isinstance(failure, KilledByHost):
        return SandboxUnavailable(
            f"the kernel killed a program {attempts} times because this machine is out of memory; "
            "run fewer workers"
        )
    return SandboxUnavailable(
        f"the jail of one program exited {attempts} times; check whether this machine is out of "
        "memory or something on it kills processes"
    )
