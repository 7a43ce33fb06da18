"""The daemons of the test cluster, which are known by the files of process ids that they write.

A daemon is called by its program's name, with the node's after it where a node has its own:
`munged`, `slurmctld`, `slurmd.node1`. All of them write below one folder.
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


class NoCluster(Exception):
    """No Slurm can be had here; the message is the sentence that says what is missing."""


class BrokenDaemon(Exception):
    """A daemon that is installed does not start."""


def start(daemon: str) -> None:
    """Starts a daemon, which goes to the background by itself once it is ready.

    Raises:
        BrokenDaemon: It does not.
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
    # What the daemon inherits its jobs' processes may hold: no pipe of ours.
    with (STATE / "log" / f"{daemon}.start").open("w") as said:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    if done.returncode:
        why = Path(said.name).read_text().strip() or f"see {STATE}/log"
        raise BrokenDaemon(f"{daemon} did not start: {why}")
    wait_until(f"{daemon} to run", lambda: alive(daemon))


def stop(daemon: str, how: signal.Signals) -> None:
    """Ends a daemon, by the process id that it wrote itself."""
    pid = _pid(daemon)
    if pid is not None:
        os.kill(pid, how)
        wait_until(f"{daemon} to end", lambda: not alive(daemon))


def _pid(daemon: str) -> int | None:
    """Returns the process id of a running daemon of ours.

    A pid file outlives a crash, and the number may be another process's by then: so the name is
    compared too.
    """
    try:
        pid = int((STATE / f"{daemon}.pid").read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if name == daemon.partition(".")[0] and state != "Z" else None


def alive(daemon: str) -> bool:
    """Tells whether a daemon runs."""
    return _pid(daemon) is not None


def _of_node(node: str) -> list[int]:
    """Returns the processes of a node's jobs, first those that would report that the rest died."""
    mine = f"SLURMD_NODENAME={node}".encode()
    log = STATE / "log" / f"slurmd.{node}.log"
    stepds, tasks = [], []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "comm").read_text().strip() == "slurmstepd":
                if log in (file.readlink() for file in (process / "fd").iterdir()):
                    stepds.append(int(process.name))
            elif mine in (process / "environ").read_bytes().split(b"\0"):
                tasks.append(int(process.name))
    return [*stepds, *tasks]


def kill_jobs_of(node: str) -> None:
    """Kills what a node's jobs consist of, and what that starts meanwhile."""

    def none_left() -> bool:
        left = _of_node(node)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    wait_until(f"the processes of {node} to end", none_left)


def free_ports(count: int) -> list[int]:
    """Returns ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def wait_until(what: str, done: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}: see {STATE}/log")
        time.sleep(0.05)
