"""The host side of a warm parent: its nsjail process and the channel to it."""

import math
import os
import select
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from caco.errors import SandboxUnavailable
from caco.runtime.process import children
from caco.sandbox.cgroups import JailCgroup
from caco.sandbox.guest import wire
from caco.sandbox.launcher import start, start_failure

# Covers imports from a network file system that a hundred jobs read at once, without a cache.
_START_TIMEOUT_S = 300.0
_SHUTDOWN_S = 1.0  # from closing the channel until the parent is killed
_REPLY_MARGIN_S = 60.0  # beyond the wall limit, until a parent without a reply counts as lost


class ParentLost(Exception):
    """A parent exited or was killed before it replied; the outcome of its program is unknown."""


@dataclass(frozen=True, slots=True)
class Termination:
    """How a program terminated, as the kernel reported it to the parent, and its record.

    Attributes:
        status: The wait status, as from wait(2).
        limit: The limit for which the parent killed it, as in `wire`.
        cpu_s: CPU time in seconds.
        wall_s: Wall time in seconds, from the fork to the exit.
        peak_mb: Peak resident memory in MiB, including pages shared with the parent.
        out_of_memory: The kernel killed it because the jail exceeded its memory limit.
        record: The record that the program left; untrusted.
    """

    status: int
    limit: bytes
    cpu_s: float
    wall_s: float
    peak_mb: float
    out_of_memory: bool
    record: bytes


class WarmParent:
    """A parent in its jail; ready for programs after `wait_until_warm`."""

    def __init__(
        self, binary: Path, config: str, wall_s: float, cgroup: JailCgroup | None = None
    ) -> None:
        """Starts the jail.

        Args:
            binary: The nsjail binary.
            config: The configuration of the jail, as text.
            wall_s: The wall time limit of a program, in seconds.
            cgroup: The cgroup of the jail; `close` removes it.

        Raises:
            SandboxUnavailable: nsjail cannot be executed.
        """
        self._wall_s = wall_s
        self._cgroup = cgroup
        self._received = bytearray()
        self.served = 0
        self._kill_at = math.inf
        self._log = os.memfd_create("log")
        self._channel, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = start(binary, config, theirs.fileno(), self._log)
        except BaseException:
            self._channel.close()
            os.close(self._log)
            raise

    def wait_until_warm(self) -> None:
        """Waits until the parent is ready for programs.

        Raises:
            SandboxUnavailable: The parent did not start; the message names the cause.
        """
        try:
            kind, body = self._receive_reply(time.monotonic() + _START_TIMEOUT_S)
        except ParentLost:
            raise SandboxUnavailable(self._start_failure()) from None
        if kind == wire.FAILED:
            error = body.decode("utf-8", "replace")
            raise SandboxUnavailable(f"Python in the jail cannot load its modules ({error})")

    def _start_failure(self) -> str:
        try:
            returncode = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return f"Python did not start in the jail within {_START_TIMEOUT_S:g} s"
        log = os.pread(self._log, 1 << 16, 0).decode("utf-8", "replace")
        return start_failure(log, returncode)

    def execute(self, program: bytes, seed: int) -> Termination:
        """Runs a program and returns how it terminated.

        Args:
            program: The text of the program.
            seed: The seed of its random generators.

        Raises:
            ParentLost: The parent exited, or did not reply within the wall limit and a margin.
        """
        self._send(wire.REQUEST.pack(seed, len(program)) + program)
        while True:
            kind, body = self._receive_reply(time.monotonic() + self._wall_s + _REPLY_MARGIN_S)
            if kind == wire.DONE:
                break
            waited = _run_queue_wait_s(self._process.pid)
            self._send(wire.REQUEST.pack(round(waited * 1000), 0))
        self.served += 1
        status, limit, cpu, wall, peak_kib = wire.TERMINATION.unpack_from(body)
        return Termination(
            status=status,
            limit=limit,
            cpu_s=cpu / 1e9,
            wall_s=wall / 1e9,
            peak_mb=peak_kib / 1024,
            out_of_memory=bool(status and self._cgroup and self._cgroup.killed_for_memory()),
            record=body[wire.TERMINATION.size :],
        )

    def close_channel(self) -> None:
        """Closes the channel, upon which the parent exits; safe to call from any thread.

        A call that waits for a reply raises `ParentLost`.
        """
        with suppress(OSError):  # the parent has exited already
            self._channel.shutdown(socket.SHUT_RDWR)
        self._kill_at = min(self._kill_at, time.monotonic() + _SHUTDOWN_S)

    def close(self) -> None:
        """Stops the parent and every process below it, and releases their resources.

        An idle parent exits when its channel is closed. It is killed only after a grace period: the
        CPU time of a killed parent and its children would not count as this process's.
        """
        self.close_channel()
        try:
            self._process.wait(max(0.0, self._kill_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._channel.close()
        os.close(self._log)
        if self._cgroup:
            self._cgroup.remove()

    def _send(self, request: bytes) -> None:
        try:
            self._channel.sendall(request)
        except OSError:
            raise ParentLost from None

    def _receive_reply(self, deadline: float) -> tuple[bytes, bytes]:
        kind, length = wire.REPLY.unpack(self._receive(wire.REPLY.size, deadline))
        return kind, self._receive(length, deadline)

    def _receive(self, length: int, deadline: float) -> bytes:
        while len(self._received) < length:
            remaining = deadline - time.monotonic()
            poll = select.poll()
            poll.register(self._channel, select.POLLIN)
            if remaining <= 0 or not poll.poll(remaining * 1000):
                raise ParentLost
            try:
                more = self._channel.recv(1 << 16)
            except OSError:
                raise ParentLost from None
            if not more:
                raise ParentLost
            self._received += more
        data = bytes(self._received[:length])
        del self._received[:length]
        return data


def _run_queue_wait_s(nsjail: int) -> float:
    """Returns the seconds that the program below an nsjail process has waited in the run queue.

    The value is the maximum over its threads; the kernel reports it in /proc/PID/schedstat.
    """
    waited = 0.0
    below = children()
    for parent in below[nsjail]:
        for program in below[parent]:
            for stat in Path(f"/proc/{program}/task").glob("*/schedstat"):
                try:
                    waited = max(waited, int(stat.read_text().split()[1]) / 1e9)
                except (OSError, IndexError, ValueError):
                    continue
    return waited
