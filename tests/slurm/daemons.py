"""The daemons of the test cluster, identified by their pid files.

The name of a daemon is the name of its program, followed by the node for a daemon of a node:
`munged`, `slurmctld`, `slurmd.node1`. All of them write to one folder.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".cache" / "slurm"
CONFIG = STATE / "slurm.conf"


class ClusterUnavailable(Exception):
    """Slurm cannot run on this machine; the message names the missing requirement."""


class DaemonFailed(Exception):
    """An installed daemon does not start."""


def start(daemon: str) -> None:
    """Starts a daemon, which detaches once it is ready.

    Raises:
        DaemonFailed: It does not start.
    """
    name, _, node = daemon.partition(".")
    command = {
        "munged": [
            "munged", f"--socket={STATE}/munge.socket", f"--key-file={STATE}/munge.key",
            f"--pid-file={STATE}/munged.pid", f"--log-file={STATE}/log/munged.log",
            f"--seed-file={STATE}/munged.seed",
        ],
        "slurmctld": ["slurmctld", "-f", str(CONFIG)],
        "slurmd": ["slurmd", "-f", str(CONFIG), "-N", node],
    }[name]  # fmt: skip
    # A file, not a pipe: processes of jobs inherit the daemon's descriptors and keep a pipe open.
    with (STATE / "log" / f"{daemon}.start").open("w") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if done.returncode:
        reason = Path(log.name).read_text().strip() or f"see {STATE}/log"
        raise DaemonFailed(f"{daemon} did not start: {reason}")
    wait_until(f"{daemon} to run", lambda: alive(daemon))


def stop(daemon: str, with_signal: signal.Signals) -> None:
    """Stops a daemon with a signal to the process in its pid file."""
    pid = _pid(daemon)
    if pid is not None:
        os.kill(pid, with_signal)
        wait_until(f"{daemon} to exit", lambda: not alive(daemon))


def _pid(daemon: str) -> int | None:
    """Returns the process id of a running daemon of this cluster.

    A pid file remains after a crash, and another process may have the same id: the name of the
    process is therefore compared as well.
    """
    try:
        pid = int((STATE / f"{daemon}.pid").read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if name == daemon.partition(".")[0] and state != "Z" else None


def alive(daemon: str) -> bool:
    """Returns whether a daemon runs."""
    return _pid(daemon) is not None


def _node_processes(node: str) -> list[int]:
    """Returns the processes of a node's jobs; first the slurmstepd, which report exits of tasks."""
    variable = f"SLURMD_NODENAME={node}".encode()
    log = STATE / "log" / f"slurmd.{node}.log"
    stepds, tasks = [], []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "comm").read_text().strip() == "slurmstepd":
                if log in (file.readlink() for file in (process / "fd").iterdir()):
                    stepds.append(int(process.name))
            elif variable in (process / "environ").read_bytes().split(b"\0"):
                tasks.append(int(process.name))
    return [*stepds, *tasks]


def kill_node_jobs(node: str) -> None:
    """Kills every process of a node's jobs, until none is left."""

    def all_killed() -> bool:
        pids = _node_processes(node)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    wait_until(f"the processes of {node} to exit", all_killed)


def free_ports(count: int) -> list[int]:
    """Returns unused ports."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def wait_until(what: str, done: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until `done` returns true; `what` describes it in the error message."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}: see {STATE}/log")
        time.sleep(0.05)
