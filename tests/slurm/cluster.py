"""A real Slurm on this machine: `make slurm-up`, `make slurm-down`.

One controller and two nodes. Each node is a slurmd on a separate port, with more CPUs and memory
than the machine has, and two simulated GPUs. All files are in .cache/slurm, except for one link
through which Slurm's commands find the configuration.
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
    ClusterUnavailable,
    DaemonFailed,
    alive,
    free_ports,
    kill_node_jobs,
    start,
    stop,
    wait_until,
)

# Slurm's default path without /etc/slurm/slurm.conf. SLURM_CONF is insufficient: the executor's job
# step drops it.
LINK = Path("/run/slurm/conf/slurm.conf")
_SITE_CONFIG = Path("/etc/slurm/slurm.conf")
NODES = ("node1", "node2")
CPUS = 8
MEMORY_MB = 200_000
GPUS = 2
# Slurm sets CUDA_VISIBLE_DEVICES only for character devices. Any device works: it is never opened.
_DEVICES = "/dev/tty[0-1]"
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
_PACKAGES = ("munge", "slurm-wlm")
_SBIN = "/usr/sbin"


class Cluster:
    """The test cluster of this checkout, running or not."""

    def up(self) -> None:
        """Starts the missing daemons; returns when every node accepts jobs.

        Raises:
            ClusterUnavailable: Slurm is not installed and cannot be installed.
            DaemonFailed: A daemon does not start.
        """
        _install()
        if LINK.is_symlink() and LINK.readlink() != CONFIG and LINK.exists():
            raise ClusterUnavailable(
                f"a cluster in {LINK.readlink().parent} is running; run `make slurm-down` there"
            )
        if not alive("slurmctld"):
            self._configure()
        for daemon in ("munged", "slurmctld", *(f"slurmd.{node}" for node in NODES)):
            if not alive(daemon):
                start(daemon)
        self.wait_for_nodes(*NODES)

    def is_up(self) -> bool:
        """Returns whether the controller runs."""
        return alive("slurmctld")

    def down(self) -> None:
        """Cancels the jobs and stops every daemon that `up` started, if any."""
        if alive("slurmctld"):
            self.call("scancel", "--user", getpass.getuser())
            with suppress(TimeoutError):
                wait_until("jobs to end", lambda: not self.call("squeue", "--noheader"))
        for daemon in (*(f"slurmd.{node}" for node in NODES), "slurmctld", "munged"):
            stop(daemon, signal.SIGTERM)
        if LINK.is_symlink() and LINK.readlink() == CONFIG:
            for node in NODES:
                kill_node_jobs(node)
            LINK.unlink()
        shutil.rmtree(STATE, ignore_errors=True)

    def call(self, *command: str) -> str:
        """Returns the stdout of a Slurm command."""
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()

    def wait_for_nodes(self, *nodes: str) -> None:
        """Waits until each of `nodes` accepts jobs; an error has their states and reasons."""

        def shown(columns: str) -> str:
            return self.call(
                "sinfo", "--noheader", "--Node", f"--format={columns}", "--nodes", ",".join(nodes)
            )

        def ready() -> bool:
            return set(shown("%T").split()) <= {"idle", "mixed", "allocated"}

        try:
            # A restarted controller that misses a node's first answer asks again after a while.
            wait_until(f"{', '.join(nodes)} to accept jobs", ready, seconds=90)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {shown('%N %T %E')}") from None

    def is_down(self, node: str) -> bool:
        """Returns whether the controller has marked a node as down."""
        shown = self.call("scontrol", "show", "node", node)
        return re.search(r"State=\S*DOWN", shown) is not None

    def stop_node(self, node: str) -> None:
        """Simulates a power failure of a node: kills its daemon and every process of its jobs."""
        stop(f"slurmd.{node}", signal.SIGKILL)
        kill_node_jobs(node)

    def start_node(self, node: str) -> None:
        """Starts a stopped node."""
        start(f"slurmd.{node}")

    @contextmanager
    def without_controller(self) -> Iterator[None]:
        """Stops the controller, and starts it again when the block ends.

        SIGTERM lets it save its state: a killed controller loses the jobs of the last seconds.
        """
        stop("slurmctld", signal.SIGTERM)
        try:
            yield
        finally:
            start("slurmctld")
            self.wait_for_nodes(*NODES)

    @contextmanager
    def without_submission(self) -> Iterator[None]:
        """Drains the partition, so that submissions are refused until the block ends."""
        partition = ("scontrol", "update", "PartitionName=batch")
        self.call(*partition, "State=DRAIN")
        try:
            yield
        finally:
            self.call(*partition, "State=UP")

    def log_tail(self) -> str:
        """Returns the last lines of the controller's log."""
        return "\n".join((STATE / "log" / "slurmctld.log").read_text().splitlines()[-60:])

    def _configure(self) -> None:
        for folder in ("state", "log", *(f"spool/{node}" for node in NODES)):
            (STATE / folder).mkdir(parents=True, exist_ok=True)
        # munged refuses a folder that others can write to, and the umask may allow it.
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
    """Installs Debian's Slurm if it is missing."""
    os.environ["PATH"] = f"{os.environ['PATH']}:{_SBIN}"
    if _SITE_CONFIG.exists():
        raise ClusterUnavailable(f"this machine belongs to a cluster: {_SITE_CONFIG} exists")
    if os.getuid() != 0:
        raise ClusterUnavailable("root permissions are missing; run `make slurm-up` as root")
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing and shutil.which("apt-get") is None:
        raise ClusterUnavailable(
            f"{', '.join(missing)} and apt-get are missing; install Slurm and munge"
        )
    if missing:
        install = ("install", "-y", "--no-install-recommends", *_PACKAGES)
        # The package lists of a new container are empty.
        done = _apt_get(*install)
        if done.returncode and _apt_get("update").returncode == 0:
            done = _apt_get(*install)
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1]
            raise ClusterUnavailable(f"apt-get {' '.join(install)} failed: {reason}")
    if not Path("/dev/tty1").is_char_device():
        raise ClusterUnavailable(
            f"{_DEVICES}, the device files of the simulated GPUs, do not exist"
        )


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(("apt-get", *arguments), env=environment, capture_output=True, text=True)


def main() -> None:
    """Starts or stops the cluster."""
    try:
        if sys.argv[1:] == ["up"]:
            Cluster().up()
            print(f"Slurm is running: {len(NODES)} nodes with {GPUS} simulated GPUs each")
        else:
            Cluster().down()
    except (ClusterUnavailable, DaemonFailed) as error:
        sys.exit(f"Slurm is unavailable: {error}")


if __name__ == "__main__":
    main()
