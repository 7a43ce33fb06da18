"""A warm parent: it has done the imports, and forks a child for every program.

It is process 1 of its jail. A child runs in namespaces of its own, without capabilities and with no
descriptor but /dev/null's; it leaves its record in memory shared with the parent and ends. How it
ended, and what it used, the parent has from the kernel.
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

# As in `values`: what a program does to `builtins` is nothing to what is defined from here on.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_TICK = 0.05  # seconds between two looks at a program that takes long
_REHEARSALS = 20  # runs after which the interpreter has specialised the code that runs programs
_TMP = "/tmp"
_CHANNEL, _NULL = 0, 1  # the socket to the host; /dev/null


class Hangup(Exception):
    """The host has closed the channel."""


class Parent:
    """Serves programs from the channel until the host hangs up."""

    def __init__(self, limits: "tuple[float, float, int, int]", tmp_options: str) -> None:
        """Prepares what every child shares.

        Args:
            limits: CPU seconds, wall seconds, MiB of address space beyond the parent's own, bytes
                of output.
            tmp_options: How the tmpfs at /tmp is mounted.
        """
        self._cpu_s, self._wall_s, self._memory_mb, self._output_bytes = limits
        self._tmp_options = tmp_options
        self._untouched: tuple[object, ...] = ()
        self._clean_tmp()
        self._program = Program(self._output_bytes)
        self._record = mmap.mmap(-1, wire.record_bytes(self._output_bytes))
        self._record_view = memoryview(self._record)
        pthread_sigmask(SIG_BLOCK, [SIGCHLD])

    def get_ready(self) -> None:
        """Does once what every child would have to do for itself."""
        for _ in range(_REHEARSALS):
            self._program.rehearse()
        gc.collect()
        gc.freeze()  # a collection in a child would copy every page that holds an object
        self._memory = kernel.address_space() + (self._memory_mb << 20)

    def serve(self) -> None:
        """Runs one program after the other."""
        send(wire.READY)
        while True:
            seed, length = wire.REQUEST.unpack(receive(wire.REQUEST.size))
            text = receive(length)
            facts = self._run(text, seed)
            lengths = wire.RECORD.unpack_from(self._record)
            whole = min(wire.RECORD.size + sum(lengths), len(self._record))
            send(wire.DONE, facts, self._record_view[:whole])
            # The next program may search its memory: nothing of this one's may be left there.
            self._record_view[:whole] = bytes(whole)
            text[:] = bytes(length)

    def _run(self, text: bytearray, seed: int) -> bytes:
        """Runs one program and returns what the kernel says of it."""
        began = time.monotonic_ns()
        pid = kernel.fork()
        if pid == 0:
            self._be_the_child(text, seed)
        status, used, limit = self._wait(pid, began)
        wall = time.monotonic_ns() - began
        if _state(_TMP) != self._untouched:
            self._clean_tmp()
        cpu = round((used.ru_utime + used.ru_stime) * 1e9)
        return wire.FACTS.pack(status, limit, cpu, wall, used.ru_maxrss)

    def _be_the_child(self, text: bytearray, seed: int) -> "NoReturn":
        """Gives up what the parent has, runs the program, leaves its record and ends."""
        end = os._exit
        try:
            os.dup2(_NULL, _CHANNEL)
            os.setsid()  # or kill(0) would reach the parent, namespace or not
            resource.setrlimit(resource.RLIMIT_AS, (self._memory, self._memory))
            pthread_sigmask(SIG_UNBLOCK, [SIGCHLD])
            kernel.drop_capabilities()
            record, head = self._record, wire.RECORD
            texts = self._program.run(text, seed)
            at = head.size
            for part in texts:
                record[at : at + len(part)] = part
                at += len(part)
            record[: head.size] = head.pack(*map(len, texts))  # last: no record is half a record
            end(0)
        finally:
            end(1)

    def _wait(self, pid: int, began: int) -> "tuple[int, resource.struct_rusage, bytes]":
        """Waits for a child and ends it at its limits.

        CPU time decides. Wall time only backs it up, for a program that sleeps, and what the
        program waited for a processor does not count: a loaded machine changes no verdict.
        """
        limit = wire.NO_LIMIT
        allowed = self._wall_s
        while True:
            sigtimedwait([SIGCHLD], _TICK)
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, used, limit
            if limit is not wire.NO_LIMIT:
                continue
            if kernel.cpu_ns(pid) >= self._cpu_s * 1e9:
                limit = wire.CPU_LIMIT
            elif (time.monotonic_ns() - began) / 1e9 >= allowed:
                waited = self._waited_for_a_processor()
                if allowed < self._wall_s + waited:
                    allowed = self._wall_s + waited + _TICK
                    continue
                limit = wire.WALL_LIMIT
            else:
                if select.select([_CHANNEL], [], [], 0)[0]:
                    raise Hangup  # nobody waits for this program any more
                continue
            os.kill(pid, SIGKILL)

    def _waited_for_a_processor(self) -> float:
        """Asks the host, which sees /proc, how long the running program did; in seconds."""
        send(wire.LATE)
        milliseconds, _ = wire.REQUEST.unpack(receive(wire.REQUEST.size))
        return float(milliseconds / 1000)

    def _clean_tmp(self) -> None:
        """Gives the next program an empty /tmp, and remembers how an untouched one looks."""
        kernel.fresh_tmpfs(_TMP, self._tmp_options)
        os.chdir(_TMP)  # the working folder was the old one
        os.utime(_TMP, (0, 0))
        self._untouched = _state(_TMP)


def receive(length: int) -> bytearray:
    """Receives exactly so many bytes from the host.

    Raises:
        Hangup: It has closed the channel.
    """
    received = bytearray(length)
    rest = memoryview(received)
    while rest:
        count = os.readv(_CHANNEL, [rest])
        if not count:
            raise Hangup
        rest = rest[count:]
    return received


def send(kind: bytes, *body: "bytes | memoryview") -> None:
    """Sends a reply to the host; the parts of its body are not copied."""
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


def _state(folder: str) -> "tuple[object, ...]":
    """Returns what changes with a folder; equal states mean that nothing is left in it.

    Times alone do not tell: they are those of the kernel's ticks, and may be set.
    """
    s = os.stat(folder)  # noqa: PTH116 (pathlib is a tenth of a second of imports)
    times = s.st_mtime_ns, s.st_ctime_ns
    return times, s.st_mode, s.st_uid, s.st_gid, s.st_nlink, s.st_size, os.listxattr(folder)


def main() -> None:
    """Serves: arguments are the four limits, tmpfs options, folders, modules."""
    cpu_s, wall_s, memory_mb, output_bytes, tmp_options, folders, modules = sys.argv[1:]
    del sys.argv[1:]
    sys.argv[0] = "program.py"
    os.environ.pop("LD_LIBRARY_PATH", None)  # the loader has read it; a place of this host's
    sys.path[:] = [path for path in sys.path if path != "/jail"] + folders.split(":")
    limits = (float(cpu_s), float(wall_s), int(memory_mb), int(output_bytes))
    try:
        for module in modules.split(","):
            importlib.import_module(module)
        parent = Parent(limits, tmp_options)
        parent.get_ready()
    except Exception as e:
        send(wire.FAILED, f"{type(e).__name__}: {e}".encode())
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == "caco"]:
        del sys.modules[name]  # a program that looks around sees Python, and nothing of ours
    try:
        parent.serve()
    except Hangup:
        return
