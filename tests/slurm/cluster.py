"""A real Slurm on this machine: `make slurm-up`, `make slurm-down`.

One controller and two nodes, each a slurmd of its own on a port of its own, with more CPUs and
memory than the machine has and two make-believe GPUs a node. All it writes lies in .cache/slurm,
but for one link by which Slurm's commands find it.
"""

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.slurm.daemons import (
    CONFIG,
    STATE,
    BrokenDaemon,
    NoCluster,
    alive,
    free_ports,
    kill_jobs_of,
    start,
    stop,
    wait_until,
)

# Where Slurm looks without /etc/slurm/slurm.conf. SLURM_CONF would not do: the executor's job step
# drops it.
LINK = Path("/run/slurm/conf/slurm.conf")
_OF_A_CLUSTER = Path("/etc/slurm/slurm.conf")
NODES = ("node1", "node2")
CPUS = 8
MEMORY_MB = 200_000
GPUS = 2
# Slurm sets CUDA_VISIBLE_DEVICES for character devices alone; any will do, since nobody opens it.
_DEVICES = "/dev/tty[0-1]"
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
_PACKAGES = ("munge", "slurm-wlm")
_SBIN = "/usr/sbin"


class Cluster:
    """The cluster of this checkout, which may be up or down."""

    def up(self) -> None:
        """Starts what does not run yet; returns when every node waits for jobs.

        Raises:
            NoCluster: If Slurm is not installed and cannot be.
            BrokenDaemon: If it is, and does not start.
        """
        _install()
        if LINK.is_symlink() and LINK.readlink() != CONFIG and LINK.exists():
            raise NoCluster(f"that of {LINK.readlink().parent} is up: `make slurm-down` there")
        if not alive("slurmctld"):
            self._configure()
        for daemon in ("munged", "slurmctld", *(f"slurmd.{node}" for node in NODES)):
            if not alive(daemon):
                start(daemon)
        self.wait_for_nodes(*NODES)

    def is_up(self) -> bool:
        """Tells whether the controller runs."""
        return alive("slurmctld")

    def down(self) -> None:
        """Ends the jobs and every daemon that `up` started; does nothing if there is none."""
        if alive("slurmctld"):
            self.call("scancel", "--user", getpass.getuser())
            with suppress(TimeoutError):
                wait_until("jobs to end", lambda: not self.call("squeue", "--noheader"))
        for daemon in (*(f"slurmd.{node}" for node in NODES), "slurmctld", "munged"):
            stop(daemon, signal.SIGTERM)
        if LINK.is_symlink() and LINK.readlink() == CONFIG:
            for node in NODES:
                kill_jobs_of(node)
            LINK.unlink()
        shutil.rmtree(STATE, ignore_errors=True)

    def call(self, *command: str) -> str:
        """Returns what a Slurm command prints."""
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()

    def wait_for_nodes(self, *nodes: str) -> None:
        """Waits until each of `nodes` takes jobs."""

        def ready() -> bool:
            states = self.call(
                "sinfo", "--noheader", "--Node", "--format=%T", "--nodes", ",".join(nodes)
            )
            return set(states.split()) <= {"idle", "mixed", "allocated"}

        wait_until(f"{', '.join(nodes)} to take jobs", ready)

    def is_down(self, node: str) -> bool:
        """Tells whether the controller has noticed that a node does not answer."""
        shown = self.call("scontrol", "show", "node", node)
        return re.search(r"State=\S*DOWN", shown) is not None

    def stop_node(self, node: str) -> None:
        """Cuts the power of a node: its daemon and every process of its jobs, without a word."""
        stop(f"slurmd.{node}", signal.SIGKILL)
        kill_jobs_of(node)

    def start_node(self, node: str) -> None:
        """Starts a node that was stopped."""
        start(f"slurmd.{node}")

    @contextmanager
    def without_controller(self) -> Iterator[None]:
        """Ends the controller, and starts it again at the end.

        It saves its state first: Slurm itself loses the last seconds' jobs of one that is killed.
        """
        stop("slurmctld", signal.SIGTERM)
        try:
            yield
        finally:
            start("slurmctld")
            self.wait_for_nodes(*NODES)

    @contextmanager
    def without_submission(self) -> Iterator[None]:
        """Takes no job that is submitted meanwhile, as an administrator does who drains."""
        partition = ("scontrol", "update", "PartitionName=batch")
        self.call(*partition, "State=DRAIN")
        try:
            yield
        finally:
            self.call(*partition, "State=UP")

    def last_words(self) -> str:
        """Returns the end of the controller's log."""
        return "\n".join((STATE / "log" / "slurmctld.log").read_text().splitlines()[-60:])

    def _configure(self) -> None:
        for folder in ("state", "log", *(f"spool/{node}" for node in NODES)):
            (STATE / folder).mkdir(parents=True, exist_ok=True)
        # munged refuses a folder that others may write to, whatever the umask.
        STATE.chmod(0o755)
        key = STATE / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        host = socket.gethostname().partition(".")[0]
        controller, *ports = free_ports(1 + len(NODES))
        nodes = [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} "
            f"RealMemory={MEMORY_MB} Gres=gpu:{GPUS} State=UNKNOWN"
            for node, port in zip(NODES, ports, strict=True)
        ]
        template = Path(__file__).with_name("slurm.conf").read_text(encoding="utf-8")
        text = template.format(
            host=host, user=getpass.getuser(), state=STATE, controller_port=controller,
            nodes="\n".join(nodes),
        )  # fmt: skip
        CONFIG.write_text(text, encoding="utf-8")
        names = ",".join(NODES)
        (STATE / "gres.conf").write_text(f"NodeName={names} Name=gpu File={_DEVICES}\n")
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(CONFIG)


def _install() -> None:
    """Installs Debian's Slurm where that is possible and needed."""
    os.environ["PATH"] = f"{os.environ['PATH']}:{_SBIN}"
    if _OF_A_CLUSTER.exists():
        raise NoCluster(f"{_OF_A_CLUSTER} says that this machine belongs to a cluster")
    if os.getuid() != 0:
        raise NoCluster("`make slurm-up` has to be typed as root, to install and to start daemons")
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing and shutil.which("apt-get") is None:
        raise NoCluster(f"there is no {', '.join(missing)} and no apt-get: install Slurm and munge")
    if missing:
        install = ("install", "-y", "--no-install-recommends", *_PACKAGES)
        # A fresh container's lists of packages are empty.
        done = _apt_get(*install)
        if done.returncode and _apt_get("update").returncode == 0:
            done = _apt_get(*install)
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1]
            raise NoCluster(f"apt-get {' '.join(install)} failed: {said}")
    if not Path("/dev/tty1").is_char_device():
        raise NoCluster(f"there is no {_DEVICES}, which stand for GPUs here")


def _apt_get(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(("apt-get", *words), env=environment, capture_output=True, text=True)


def main() -> None:
    """Brings the cluster up or down, and says how to use it."""
    try:
        if sys.argv[1:] == ["up"]:
            Cluster().up()
            print(f"A Slurm of {len(NODES)} nodes with {GPUS} make-believe GPUs each is up.")
        else:
            Cluster().down()
    except (NoCluster, BrokenDaemon) as error:
        sys.exit(f"no Slurm here: {error}")


if __name__ == "__main__":
    main()
