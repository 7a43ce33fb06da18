"""A warm parent: imports modules once and forks a child for every program.

The parent is process 1 of its jail. A child runs in its own namespaces, without capabilities, and
its only file descriptors are those of /dev/null. It writes its record to memory shared with the
parent and exits. The parent learns exit status and resource usage from the kernel.
"""

import builtins
import gc
import importlib
import mmap
import os
import resource
import select
import sys
import time
from _signal import SIG_BLOCK, SIG_UNBLOCK, SIGCHLD, SIGKILL, pthread_sigmask, sigtimedwait

from caco.sandbox.guest import kernel, wire
from caco.sandbox.guest.program import Program

# As in `values`: a program that patches `builtins` cannot affect what is defined below.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_POLL_S = 0.05  # between two checks of the limits of a running program
_WARM_UP_RUNS = 20  # after these the interpreter has specialised the code that runs programs
_TMP = "/tmp"
_CHANNEL, _NULL = 0, 1  # the socket to the host; /dev/null


class ChannelClosed(Exception):
    """The host has closed the channel."""


class Parent:
    """Runs programs from the channel until the host closes it."""

    def __init__(self, limits: "tuple[float, float, int, int]", tmp_options: str) -> None:
        """Creates the resources that every child shares.

        Args:
            limits: CPU time in seconds, wall time in seconds, MiB of address space in addition to
                the parent's own, bytes of output.
            tmp_options: Mount options of the tmpfs at /tmp.
        """
        self._cpu_s, self._wall_s, self._memory_mb, self._output_bytes = limits
        self._tmp_options = tmp_options
        self._empty_tmp_state: tuple[object, ...] = ()
        self._empty_tmp()
        self._program = Program(self._output_bytes)
        self._record = mmap.mmap(-1, wire.record_bytes(self._output_bytes))
        self._record_view = memoryview(self._record)
        pthread_sigmask(SIG_BLOCK, [SIGCHLD])

    def prepare(self) -> None:
        """Does the work that every child would otherwise repeat."""
        for _ in range(_WARM_UP_RUNS):
            self._program.warm_up()
        gc.collect()
        gc.freeze()  # a garbage collection in a child would copy every page with objects
        self._memory = kernel.address_space() + (self._memory_mb << 20)

    def serve(self) -> None:
        """Runs programs one at a time."""
        send(wire.READY)
        while True:
            seed, length = wire.REQUEST.unpack(receive(wire.REQUEST.size))
            text = receive(length)
            termination = self._run(text, seed)
            lengths = wire.RECORD.unpack_from(self._record)
            size = min(wire.RECORD.size + sum(lengths), len(self._record))
            send(wire.DONE, termination, self._record_view[:size])
            # The next program may search its memory, so text and record are overwritten.
            self._record_view[:size] = bytes(size)
            text[:] = bytes(length)

    def _run(self, text: bytearray, seed: int) -> bytes:
        """Runs one program and returns its `wire.TERMINATION`."""
        started = time.monotonic_ns()
        pid = kernel.fork()
        if pid == 0:
            self._run_child(text, seed)
        status, used, limit = self._wait(pid, started)
        wall = time.monotonic_ns() - started
        if _folder_state(_TMP) != self._empty_tmp_state:
            self._empty_tmp()
        cpu = round((used.ru_utime + used.ru_stime) * 1e9)
        return wire.TERMINATION.pack(status, limit, cpu, wall, used.ru_maxrss)

    def _run_child(self, text: bytearray, seed: int) -> "NoReturn":
        """Drops privileges, runs the program, writes the record and exits."""
        exit_now = os._exit
        try:
            os.dup2(_NULL, _CHANNEL)
            os.setsid()  # otherwise kill(0) would reach the parent despite the namespace
            resource.setrlimit(resource.RLIMIT_AS, (self._memory, self._memory))
            pthread_sigmask(SIG_UNBLOCK, [SIGCHLD])
            kernel.drop_capabilities()
            record, header = self._record, wire.RECORD
            texts = self._program.run(text, seed)
            offset = header.size
            for part in texts:
                record[offset : offset + len(part)] = part
                offset += len(part)
            # The header comes last: an incomplete record has none.
            record[: header.size] = header.pack(*map(len, texts))
            exit_now(0)
        finally:
            exit_now(1)

    def _wait(self, pid: int, started: int) -> "tuple[int, resource.struct_rusage, bytes]":
        """Waits for a child and kills it when it exceeds a limit.

        The CPU limit is the primary one. The wall limit is for programs that sleep; time in the run
        queue does not count, so that the load of the machine does not affect the outcome.
        """
        limit = wire.NO_LIMIT
        allowed = self._wall_s
        while True:
            sigtimedwait([SIGCHLD], _POLL_S)
            exited, status, used = os.wait4(pid, os.WNOHANG)
            if exited:
                return status, used, limit
            if limit is not wire.NO_LIMIT:
                continue
            if kernel.cpu_ns(pid) >= self._cpu_s * 1e9:
                limit = wire.CPU_LIMIT
            elif (time.monotonic_ns() - started) / 1e9 >= allowed:
                waited = self._run_queue_wait_s()
                if allowed < self._wall_s + waited:
                    allowed = self._wall_s + waited + _POLL_S
                    continue
                limit = wire.WALL_LIMIT
            else:
                if select.select([_CHANNEL], [], [], 0)[0]:
                    raise ChannelClosed  # readable: the host has closed it
                continue
            os.kill(pid, SIGKILL)

    def _run_queue_wait_s(self) -> float:
        """Queries the host, which has /proc, for the program's time in the run queue in seconds."""
        send(wire.RUN_QUEUE_WAIT)
        milliseconds, _ = wire.REQUEST.unpack(receive(wire.REQUEST.size))
        return float(milliseconds / 1000)

    def _empty_tmp(self) -> None:
        """Mounts an empty /tmp for the next program and records its state."""
        kernel.fresh_tmpfs(_TMP, self._tmp_options)
        os.chdir(_TMP)  # the working folder is still the old mount
        os.utime(_TMP, (0, 0))
        self._empty_tmp_state = _folder_state(_TMP)


def receive(length: int) -> bytearray:
    """Receives exactly `length` bytes from the host.

    Raises:
        ChannelClosed: The host has closed the channel.
    """
    received = bytearray(length)
    rest = memoryview(received)
    while rest:
        count = os.readv(_CHANNEL, [rest])
        if not count:
            raise ChannelClosed
        rest = rest[count:]
    return received


def send(kind: bytes, *body: "bytes | memoryview") -> None:
    """Sends a reply to the host without copying the parts of its body."""
    parts = [
        memoryview(wire.REPLY.pack(kind, sum(map(len, body)))),
        *(memoryview(part) for part in body),
    ]
    while parts:
        written = os.writev(_CHANNEL, parts)
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][written:]


def _folder_state(folder: str) -> "tuple[object, ...]":
    """Returns metadata of a folder, equal only if its contents have not changed.

    Timestamps alone are not sufficient: they have the resolution of kernel ticks and can be set.
    """
    s = os.stat(folder)  # noqa: PTH116 (importing pathlib takes 0.1 s)
    times = s.st_mtime_ns, s.st_ctime_ns
    return times, s.st_mode, s.st_uid, s.st_gid, s.st_nlink, s.st_size, os.listxattr(folder)


def main() -> None:
    """Runs the parent; the arguments are four limits, tmpfs options, folders and modules."""
    cpu_s, wall_s, memory_mb, output_bytes, tmp_options, folders, modules = sys.argv[1:]
    del sys.argv[1:]
    sys.argv[0] = "program.py"
    os.environ.pop("LD_LIBRARY_PATH", None)  # a path of the host, which the loader has already used
    sys.path[:] = [path for path in sys.path if path != "/jail"] + folders.split(":")
    limits = (float(cpu_s), float(wall_s), int(memory_mb), int(output_bytes))
    try:
        for module in modules.split(","):
            importlib.import_module(module)
        parent = Parent(limits, tmp_options)
        parent.prepare()
    except Exception as e:
        send(wire.FAILED, f"{type(e).__name__}: {e}".encode())
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == "caco"]:
        del sys.modules[name]  # programs do not find modules of the sandbox
    try:
        parent.serve()
    except ChannelClosed:
        return
