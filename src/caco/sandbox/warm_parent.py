"""A warm parent as the host sees it: a process in a jail, a channel, and what came through it."""

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
from caco.sandbox.launcher import start, why_not_started

# Seconds: importing everything from a network file system that is asked for the first time by a
# hundred jobs at once.
_TO_START = 300.0
_GRACE = 1.0  # seconds in which a parent that is told to end does so
_SILENCE = 60.0  # seconds beyond the wall limit after which a parent is taken for dead


class ParentLost(Exception):
    """A parent ended, or was ended, before it had replied: nothing is known of its program."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, as the kernel told its parent, and what it left.

    Attributes:
        status: As from wait(2).
        limit: The limit it was ended for, as in `wire`.
        cpu_s: CPU seconds used.
        wall_s: Wall seconds from its fork to its end.
        peak_mb: Peak resident memory in MiB, the pages shared with its parent included.
        out_of_memory: The kernel killed it for want of the memory that its jail may use.
        record: What it left: text from an untrusted party.
    """

    status: int
    limit: bytes
    cpu_s: float
    wall_s: float
    peak_mb: float
    out_of_memory: bool
    record: bytes


class WarmParent:
    """A parent in its jail; made ready by `wait_until_warm`."""

    def __init__(
        self, binary: Path, config: str, wall_s: float, cgroup: JailCgroup | None = None
    ) -> None:
        """Starts it.

        Args:
            binary: nsjail.
            config: The jail's configuration, as text.
            wall_s: The wall limit of a program.
            cgroup: The jail's cgroup; its own from now on.

        Raises:
            SandboxUnavailable: nsjail cannot be executed.
        """
        self._wall_s = wall_s
        self._cgroup = cgroup
        self._received = bytearray()
        self.served = 0
        self._to_end = math.inf
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
        """Returns once the parent can be given programs.

        Raises:
            SandboxUnavailable: In one sentence, what this host lacks.
        """
        try:
            kind, said = self._reply(time.monotonic() + _TO_START)
        except ParentLost:
            raise SandboxUnavailable(self._why_not_started()) from None
        if kind == wire.FAILED:
            why = said.decode("utf-8", "replace")
            raise SandboxUnavailable(f"Python started in the jail and did not get ready ({why})")

    def _why_not_started(self) -> str:
        try:
            returncode = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return f"Python did not start in the jail within {_TO_START:g} s"
        log = os.pread(self._log, 1 << 16, 0).decode("utf-8", "replace")
        return why_not_started(log, returncode)

    def execute(self, program: bytes, seed: int) -> Ended:
        """Runs a program; returns how it ended.

        Args:
            program: Its text.
            seed: Of its generators of random numbers.

        Raises:
            ParentLost: The parent ended first, or is silent for longer than any program may take.
        """
        self._send(wire.REQUEST.pack(seed, len(program)) + program)
        while True:
            kind, body = self._reply(time.monotonic() + self._wall_s + _SILENCE)
            if kind == wire.DONE:
                break
            waited = _waited_for_a_processor(self._process.pid)
            self._send(wire.REQUEST.pack(round(waited * 1000), 0))
        self.served += 1
        status, limit, cpu, wall, peak_kib = wire.FACTS.unpack_from(body)
        return Ended(
            status=status,
            limit=limit,
            cpu_s=cpu / 1e9,
            wall_s=wall / 1e9,
            peak_mb=peak_kib / 1024,
            out_of_memory=bool(status and self._cgroup and self._cgroup.killed_for_memory()),
            record=body[wire.FACTS.size :],
        )

    def hang_up(self) -> None:
        """Tells the parent to end, from any thread; who waits for its reply gets `ParentLost`."""
        with suppress(OSError):  # it has ended already
            self._channel.shutdown(socket.SHUT_RDWR)
        self._to_end = min(self._to_end, time.monotonic() + _GRACE)

    def close(self) -> None:
        """Ends the parent and whatever runs below it, and removes what it had.

        A parent that runs no program ends by itself: the CPU time of one that is killed, and of all
        that it ran, would not count as this process's.
        """
        self.hang_up()
        try:
            self._process.wait(max(0.0, self._to_end - time.monotonic()))
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

    def _reply(self, deadline: float) -> tuple[bytes, bytes]:
        head = wire.REPLY.size
        kind, length = wire.REPLY.unpack(self._exactly(head, deadline))
        return kind, self._exactly(length, deadline)

    def _exactly(self, wanted: int, deadline: float) -> bytes:
        while len(self._received) < wanted:
            left = deadline - time.monotonic()
            poll = select.poll()
            poll.register(self._channel, select.POLLIN)
            if left <= 0 or not poll.poll(left * 1000):
                raise ParentLost
            try:
                more = self._channel.recv(1 << 16)
            except OSError:
                raise ParentLost from None
            if not more:
                raise ParentLost
            self._received += more
        taken = bytes(self._received[:wanted])
        del self._received[:wanted]
        return taken


def _waited_for_a_processor(nsjail: int) -> float:
    """Returns the seconds that the program below an nsjail has been ready to run and did not.

    That is the most that any of its threads has; the kernel counts it in schedstat.
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
