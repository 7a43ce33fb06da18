"""The implementations that the sandbox benchmark compares, behind one interface."""

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
from caco.sandbox.jail import MODULES, Kind, interpreter, package_folders
from caco.sandbox.launcher import nsjail_binary, nsjail_environment
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution

_HERE = Path(__file__).parent
_CHUNK = 16  # programs per request to a bare-fork worker; the same as in the sandbox
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Implementation(Protocol):
    """Runs programs in processes that are already started."""

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs of one kind.

        Returns:
            The output of each program as JSON text; "" if it succeeded but its output is not
            returned; None if it failed.
        """
        ...


class Sandbox:
    """The sandbox of this package, with full isolation and all limits."""

    def __init__(self, sandbox: NsjailSandbox) -> None:
        self._sandbox = sandbox
        self.executions: list[Execution] = []  # of the last run

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; the sandbox determines their kind."""
        self.executions = list(self._sandbox.run(programs))
        return [execution.output for execution in self.executions]


class WorkerPool:
    """Worker processes that receive lists of programs over pipes."""

    def __init__(self, workers: "list[subprocess.Popen[bytes]]", chunk: int) -> None:
        """Creates the pool.

        Args:
            workers: Running processes.
            chunk: Programs per request to a worker.
        """
        self._chunk = chunk
        self._count = len(workers)
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for worker in workers:
            self._free.put(worker)

    def run(self, programs: Sequence[str]) -> list[Any]:
        """Returns the replies of the workers, one value per program, in order."""
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


class BareFork:
    """See `bare_fork.py`: for each kind, a pool that has loaded the modules of its warm parents."""

    def __init__(self, pools: dict[Kind, WorkerPool]) -> None:
        self._pools = pools

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; their outputs are discarded."""
        return ["" if succeeded else None for succeeded in self._pools[kind].run(programs)]


class ManagerProcess:
    """See `manager_process.py`."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; each imports its own modules."""
        return self._pool.run(programs)


class ColdNsjail:
    """A new nsjail with a new interpreter for every program."""

    def __init__(self, limits: Limits, workers: int) -> None:
        self._binary = str(nsjail_binary())
        self._config = _cold_config(limits)
        self._workers = workers

    def run(self, programs: Sequence[str], kind: Kind) -> list[str | None]:
        """Runs programs; each imports its own modules."""
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
def bare_fork(workers: int) -> Iterator[BareFork]:
    """Starts the bare-fork workers and stops them at the end."""
    with ExitStack() as stack:
        folders = ":".join([*package_folders(), str(_HERE)])
        yield BareFork(
            {
                kind: stack.enter_context(
                    _pool(
                        [
                            str(interpreter()), "-S", "-s", "-P", "-B", str(_HERE / "bare_fork.py"),
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
def manager_process(workers: int) -> Iterator[ManagerProcess]:
    """Starts the manager-and-process workers and stops them at the end."""
    with _pool([sys.executable, str(_HERE / "manager_process.py")], workers, chunk=1) as pool:
        yield ManagerProcess(pool)


@contextmanager
def _pool(command: list[str], workers: int, chunk: int) -> Iterator[WorkerPool]:
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(workers):
            started.append(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env={**os.environ, **_ENVIRONMENT},
                )
            )  # fmt: skip
        yield WorkerPool(started, chunk)
    finally:
        for worker in started:
            worker.communicate()  # a worker exits at the end of its input


_COLD_START = """
import io, json, os, sys
sys.path += {folders!r}
printed, names = io.StringIO(), {{"__name__": "__main__"}}
stdout, sys.stdout = sys.stdout, printed
exec(compile(sys.stdin.read(), "<program>", "exec"), names)
json.dumps(names["input"])
result = names["output"] if "output" in names else printed.getvalue().strip()
stdout.write(json.dumps(result, sort_keys=True, separators=(",", ":")))
"""


def _cold_config(limits: Limits) -> str:
    """Returns nsjail's configuration for one program, with the mounts of a warm parent's jail."""
    from nsjail.config import Exe, IdMap, MountPt, NsJailConfig
    from nsjail.enums import LogLevel
    from nsjail.serializers import to_textproto

    python = interpreter()
    paths = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", str(python)]
    paths += [os.path.realpath(Path(sys.base_prefix, "lib")), *package_folders()]
    mounts = [
        MountPt(src=path, dst=path, is_bind=True, nosuid=True, nodev=True)
        for path in paths
        if Path(path).exists()
    ]
    tmp = MountPt(dst="/tmp", fstype="tmpfs", rw=True, is_dir=True, options=f"size={16 << 20}")
    program = _COLD_START.format(folders=list(package_folders()))
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
        mount=[tmp, *mounts],
        exec_bin=Exe(path=str(python), arg=["-S", "-c", program]),
    )
    text: str = to_textproto(config)
    return text
