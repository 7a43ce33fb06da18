"""The sandbox on nsjail: warm parents in jails, and a forked child for every program.

A worker is a thread that runs programs one at a time, each from the parent of its kind; the work is
the jail's, so threads are enough. A parent that is lost is replaced, and what it had not replied to
is run again: no program is blamed for what befell its jail.
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
from caco.sandbox.cgroups import Cgroups, NoCgroups
from caco.sandbox.jail import jail_config
from caco.sandbox.kinds import Kind, kind_of
from caco.sandbox.launcher import nsjail_binary
from caco.sandbox.protocol import Execution, Outcome
from caco.sandbox.record import EndedByTheHost, execution
from caco.sandbox.warm_parent import ParentLost, WarmParent

_CHUNK = 16  # programs that a worker takes at once
_AHEAD = 4  # chunks a worker taken from the input before their turn
_OLD = 20_000  # programs after which a parent is replaced
_TRIES = 6  # of one program, or of one start, with pauses of 0, 0.1, 0.2, 0.4, ... seconds
_KILLED_ITSELF = 3  # times that a program is killed from outside before it is taken for its doing
_PROBE = "input = {'x': 1}\noutput = input['x'] + 1\n"


class NsjailSandbox:
    """Executes programs, each in a process and namespaces of its own, several side by side."""

    def __init__(self, limits: Limits, workers: int) -> None:
        """Prepares the sandbox; nothing is started before it is entered.

        Args:
            limits: What one program may use.
            workers: Programs side by side.
        """
        self._limits = limits
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        self._workers = [_Worker(limits) for _ in range(workers)]

    def __enter__(self) -> Self:
        """Finds nsjail and runs a probe, so that a host that cannot is known at once.

        Raises:
            SandboxUnavailable: In one sentence, what this host lacks.
        """
        binary = nsjail_binary()
        try:
            self._cgroups: Cgroups | None = Cgroups.make()
        except NoCgroups:
            self._cgroups = None
        for worker in self._workers:
            worker.binary, worker.cgroups = binary, self._cgroups
            self._free.put(worker)
        self._pool = ThreadPoolExecutor(len(self._workers), thread_name_prefix="sandbox")
        try:
            (probe,) = self._workers[0].run([_PROBE], 0)
            if probe.outcome is not Outcome.OK:
                raise SandboxUnavailable(
                    f"a program of two lines failed in the sandbox ({probe.outcome}: "
                    f"{probe.detail}); raise the limits in the config's `sandbox` section"
                )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends the jails, and with them every program that still runs."""
        for worker in self._workers:
            worker.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        if self._cgroups:
            self._cgroups.close()

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        """Executes `programs` and yields their executions in order; see `Sandbox.run`."""
        waiting: deque[Future[list[Execution]]] = deque()
        source = iter(programs)
        try:
            while chunk := list(islice(source, _CHUNK)):
                waiting.append(self._pool.submit(self._run_chunk, chunk, repeat))
                if len(waiting) >= len(self._workers) * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _run_chunk(self, programs: Sequence[str], repeat: int) -> list[Execution]:
        worker = self._free.get()
        try:
            return worker.run(programs, repeat)
        finally:
            self._free.put(worker)


class _Worker:
    """Runs programs one at a time, and keeps a warm parent of each kind."""

    binary: Path
    cgroups: Cgroups | None = None

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parents: dict[tuple[Kind, int], WarmParent] = {}
        self._stopped = False
        self._oom_kills = _oom_kills()
        self._ever_warm = False  # until then a failure is the host's, and will not pass

    def stop(self) -> None:
        """Tells the parents to end; what another thread may be running here is lost."""
        self._stopped = True
        for parent in list(self._parents.values()):
            parent.hang_up()

    def close(self) -> None:
        """Removes what the parents had; nothing runs here any more."""
        for key in list(self._parents):
            self._drop(key)

    def run(self, programs: Sequence[str], repeat: int) -> list[Execution]:
        """Executes `programs`, those of one kind after the other, and returns them in order.

        Raises:
            SandboxUnavailable: No jail can be started, or jails fail again and again.
        """
        found: dict[int, Execution] = {}
        kinds = [kind_of(program) for program in programs]
        for kind in dict.fromkeys(kinds):
            mine = [i for i, k in enumerate(kinds) if k is kind]
            texts = [programs[i].encode("utf-8", "surrogatepass") for i in mine]
            found.update(zip(mine, self._run_kind(kind, texts, repeat), strict=True))
        return [found[i] for i in range(len(programs))]

    def _run_kind(self, kind: Kind, texts: list[bytes], repeat: int) -> Iterator[Execution]:
        """Yields the executions of programs of one kind."""
        key = (kind, repeat)
        if key in self._parents and self._parents[key].served >= _OLD:
            self._drop(key)
        for text in texts:
            yield self._run_one(key, text, repeat)

    def _run_one(self, key: tuple[Kind, int], text: bytes, repeat: int) -> Execution:
        """Runs one program, again where its jail fails."""
        killed = 0
        for failed in range(1, _TRIES + 1):
            try:
                return execution(self._parent(key).execute(text, repeat), self._limits)
            except EndedByTheHost as e:
                failure: Exception = e
                if not self._out_of_memory():
                    killed += 1
                # Nobody but the program itself will hit one program every time.
                if killed == _KILLED_ITSELF:
                    return e.blamed()
            except (ParentLost, SandboxUnavailable) as e:
                failure = e
            self._drop(key)
            if self._stopped or not self._ever_warm:
                break
            time.sleep(0.05 * 2**failed if failed > 1 else 0)
        raise _unavailable(failure, failed) from None

    def _out_of_memory(self) -> bool:
        """Tells whether the machine's kernel has killed for want of memory since last asked."""
        before, self._oom_kills = self._oom_kills, _oom_kills()
        return self._oom_kills > before

    def _parent(self, key: tuple[Kind, int]) -> WarmParent:
        """Returns the warm parent for a kind and a seed of hashes."""
        if self._stopped:
            raise ParentLost
        if key not in self._parents:
            try:
                group = self.cgroups.jail(self._limits.memory_mb) if self.cgroups else None
            except OSError as e:
                raise SandboxUnavailable(f"no cgroup can be made for a jail ({e})") from None
            config = jail_config(self._limits, *key, group)
            self._parents[key] = WarmParent(self.binary, config, self._limits.wall_s, group)
            self._parents[key].wait_until_warm()
            self._ever_warm = True
        return self._parents[key]

    def _drop(self, key: tuple[Kind, int]) -> None:
        if key in self._parents:
            self._parents.pop(key).close()


def _oom_kills() -> int:
    """Returns how many processes the kernel has killed for want of memory since it started."""
    found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _unavailable(failure: Exception, times: int) -> SandboxUnavailable:
    """Returns what to say of a failure that does not pass."""
    if isinstance(failure, SandboxUnavailable):
        return failure
    if isinstance(failure, EndedByTheHost):
        return SandboxUnavailable(
            f"the kernel killed a program {times} times for want of the machine's memory; run "
            "fewer workers"
        )
    return SandboxUnavailable(
        f"a jail ended {times} times while it ran one program; is something on this machine "
        "killing processes, or is it out of memory?"
    )
