"""The sandbox on nsjail: a fresh jail for every program.

A thread of the pool starts nsjail, waits for it and reads one record; the work is the jail's, so
threads are enough. How a program ended is decided here, from what the kernel says about nsjail and
everything below it (`wait4`), and never from what the program claims, except for the record itself.
"""

import os
import py_compile
import select
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Self

from caco.config.sandbox import Sandbox as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox import guest
from caco.sandbox.jail import jail_config
from caco.sandbox.launcher import nsjail_binary, start, why_not_started
from caco.sandbox.protocol import Execution, Outcome
from caco.sandbox.record import READY, execution

_BY_SIGNAL = 128  # nsjail's exit status is this plus the signal that ended the guest
_AHEAD = 8  # programs a worker taken from the input before their turn
_PROBE = "input = {'x': 1}\noutput = input['x'] + 1\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a jail ended.

    Attributes:
        sent: What came through the channel.
        log: nsjail's complaints.
        returncode: nsjail's exit status: the guest's, or 128 + the signal that ended it.
        cpu_s, wall_s: Seconds used by nsjail and everything in the jail.
        expired: The wall limit ran out, and the jail was killed.
        flooded: More was sent than any record holds, and the jail was killed.
    """

    sent: bytes
    log: str
    returncode: int
    cpu_s: float
    wall_s: float
    expired: bool
    flooded: bool


class NsjailSandbox:
    """Executes programs, each in a jail of its own, several side by side."""

    def __init__(self, limits: Limits, workers: int) -> None:
        """Prepares the sandbox; nothing is started before it is entered.

        Args:
            limits: What one program may use.
            workers: Jails side by side.
        """
        self._limits = limits
        self._workers = workers
        # A record holds three texts; JSON may write a byte as six.
        self._most_sent = 3 * 6 * 2 * limits.output_bytes + (1 << 16)

    def __enter__(self) -> Self:
        """Finds nsjail and runs a probe, so that a host that cannot is known at once.

        Raises:
            SandboxUnavailable: In one sentence, what this host lacks.
        """
        self._binary = nsjail_binary()
        self._folder = Path(tempfile.mkdtemp(prefix="caco-sandbox-"))
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="jail")
        try:
            self._write_jail()
            probe = self._execute(_PROBE)
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
        """Waits for the jails that still run, which their limits end, and removes the files."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, programs: Iterable[str]) -> Iterator[Execution]:
        """Executes `programs` and yields their executions in order; see `Sandbox.run`."""
        waiting: deque[Future[Execution]] = deque()
        try:
            for program in programs:
                waiting.append(self._pool.submit(self._execute, program))
                if len(waiting) >= self._workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _write_jail(self) -> None:
        """Writes what every jail shares: the compiled guest script and nsjail's configuration."""
        from nsjail.serializers import to_file

        compiled = self._folder / "guest.pyc"
        py_compile.compile(guest.__file__, cfile=str(compiled), dfile="guest.py", doraise=True)
        self._config = self._folder / "jail.cfg"
        to_file(jail_config(self._limits, compiled), self._config)

    def _execute(self, program: str) -> Execution:
        """Runs one program in a jail.

        Raises:
            SandboxUnavailable: nsjail did not start it.
        """
        ended = self._jail(program.encode("utf-8", "surrogatepass"))
        if not ended.sent.startswith(READY):
            if ended.expired:
                raise SandboxUnavailable(
                    f"nsjail did not start within {self._limits.wall_s:g} s; the machine is "
                    "overloaded, or `sandbox.wall_s` too small"
                )
            raise SandboxUnavailable(why_not_started(ended.log, ended.returncode))
        if ended.returncode < 0:
            raise SandboxUnavailable(
                f"nsjail itself was killed by {Signals(-ended.returncode).name} while a program "
                "ran; the machine may be out of memory: run fewer workers"
            )
        if ended.cpu_s < self._limits.cpu_s:
            told = execution(ended.sent, ended.cpu_s, ended.wall_s)
            if told is not None:
                return told
        return self._without_record(ended)

    def _jail(self, program: bytes) -> Ended:
        began = time.monotonic()
        log = os.memfd_create("log")
        try:
            process = start(self._binary, self._config, program, log)
            assert process.stdout is not None
            with process.stdout:
                sent, expired = self._receive(process.stdout.fileno(), began)
            flooded = len(sent) > self._most_sent
            if expired or flooded:
                process.terminate()  # it kills the jail, and waits for it: its CPU time is known
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said = os.pread(log, 1 << 16, 0).decode("utf-8", "replace")
        finally:
            os.close(log)
        return Ended(
            sent=sent,
            log=said,
            returncode=0 if expired or flooded else process.returncode,
            cpu_s=used.ru_utime + used.ru_stime,
            wall_s=time.monotonic() - began,
            expired=expired,
            flooded=flooded,
        )

    def _receive(self, channel: int, began: float) -> tuple[bytes, bool]:
        """Returns what comes through the channel until its end, and whether the time ran out."""
        received = bytearray()
        poll = select.poll()
        poll.register(channel, select.POLLIN | select.POLLHUP)
        while len(received) <= self._most_sent:
            left = began + self._limits.wall_s - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return bytes(received), True
            chunk = os.read(channel, 1 << 16)
            if not chunk:
                break
            received += chunk
        return bytes(received), False

    def _without_record(self, ended: Ended) -> Execution:
        """Returns the execution of a program that hit a limit or ended before it told its result.

        CPU time decides what is a timeout, whatever the load on the machine; a program that
        finished beyond the limit is one too.
        """
        limits = self._limits
        ended_by = ended.returncode - _BY_SIGNAL
        # Process 1 of a PID namespace cannot kill itself: SIGKILL is the kernel's, whose clock of
        # ticks may run ahead of the time that it reports.
        killed_late = ended_by == SIGKILL and ended.cpu_s >= limits.cpu_s / 2
        if ended.cpu_s >= limits.cpu_s or killed_late:
            outcome, detail = Outcome.CPU_TIMEOUT, f"more than {limits.cpu_s:g} s of CPU time"
        elif ended.expired:
            outcome, detail = Outcome.WALL_TIMEOUT, f"more than {limits.wall_s:g} s of wall time"
        elif ended.flooded:
            outcome, detail = Outcome.KILLED, "it wrote to the sandbox's own channel"
        elif ended_by in set(Signals):
            outcome, detail = Outcome.KILLED, f"ended by {Signals(ended_by).name}"
        else:
            outcome, detail = Outcome.KILLED, f"ended itself with status {ended.returncode}"
        return Execution(outcome, detail, None, None, "", ended.cpu_s, ended.wall_s)
