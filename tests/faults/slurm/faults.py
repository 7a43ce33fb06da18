"""Injection of cluster faults into a real run."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop


class RunningJob(NamedTuple):
    """A job whose script is running.

    Attributes:
        number: Slurm job id.
        node: Node on which it runs.
        pid: Process id of its script.
        identity: Identity of the job within its rule, such as the name of a shard.
        command: Command line of its script.
        restarts: Number of times that Slurm has restarted it.
    """

    number: str
    node: str
    pid: int
    identity: str
    command: list[str]
    restarts: int = 0

    def file(self, flag: str) -> str:
        """Returns the file after a flag of the command."""
        return self.command[self.command.index(flag) + 1]


def _environment(pid: int) -> list[bytes]:
    """Returns the environment of a process; empty if it has exited."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


class Faults:
    """Injects faults into one run, at most one into each job."""

    def __init__(self, cluster: Cluster, loop: SlurmLoop) -> None:
        self.cluster = cluster
        self.loop = loop
        self._started: list[subprocess.Popen[str]] = []
        self._affected: set[tuple[str, str]] = set()

    def start(self) -> subprocess.Popen[str]:
        """Starts Snakemake with its output in a file, since a pipe would have no reader."""
        with (self.loop.folder / "output.txt").open("w") as output:
            self._started.append(self.loop.start(output))
        return self._started[-1]

    def output(self) -> str:
        """Returns the output of Snakemake since its last start."""
        return (self.loop.folder / "output.txt").read_text()

    def finish(self) -> None:
        """Runs Snakemake until it exits, which must succeed."""
        assert self.start().wait(timeout=900) == 0, self.output()

    def stopped_job(self, rule: str) -> RunningJob:
        """Returns a running job of `rule`, stopped so that it cannot finish before the fault."""
        while True:
            job: RunningJob = self.wait_for(f"a job of {rule}", lambda: self.running(rule))
            self._affected.add((rule, job.identity))
            with suppress(ProcessLookupError):
                os.kill(job.pid, signal.SIGSTOP)
                # With its record, its last file, a job has succeeded before it was stopped.
                if not (self.loop.folder / job.file("--provenance")).exists():
                    return job._replace(restarts=self._restarts(job.number))
                os.kill(job.pid, signal.SIGCONT)

    def state(self, job: RunningJob) -> str:
        """Returns the state of a job in Slurm."""
        query = ("squeue", "--noheader", "--states=all", "--format=%T", "--jobs", job.number)
        return self.cluster.call(*query)

    def wait_for_final_state(self, job: RunningJob, state: str) -> None:
        """Waits until a job has ended, and checks its final state."""
        active = ("PENDING", "RUNNING", "COMPLETING")
        self.wait_for(f"job {job.number} to be {state}", lambda: self.state(job) not in active)
        assert self.state(job) == state, f"job {job.number} is {self.state(job)}, not {state}"

    def wait_for_restart(self, job: RunningJob) -> None:
        """Waits until Slurm has restarted a job."""

        def restarted() -> bool:
            requeued = self._restarts(job.number) > job.restarts
            return requeued and self.state(job) in ("RUNNING", "COMPLETED")

        self.wait_for(f"job {job.number} to restart", restarted)

    def wait_for_detection(self, job: RunningJob) -> None:
        """Waits until Snakemake has detected that a job has failed, and so repeats it."""
        self.wait_for_message(f"SLURM-job '{job.number}' failed")

    def wait_for_message(self, pattern: str) -> None:
        """Waits until the output of Snakemake matches a regular expression."""
        self.wait_for(f"the message {pattern!r}", lambda: re.search(pattern, self.output()))

    def waiting_to_submit(self) -> bool:
        """Returns whether the profile's sbatch sleeps before it retries a refused submission."""
        return any(command.startswith(b"sleep\0") for _, command in self._processes())

    def running(self, rule: str) -> RunningJob | None:
        """Returns a running job of `rule` without a fault, or None."""
        for pid, line in self._processes():
            command = line.decode().split("\0")
            if command[1:2] != [f"scripts/{rule}.py"]:
                continue
            identity = (
                command[command.index("--identity") + 1] if "--identity" in command else "all"
            )
            with suppress(OSError, KeyError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                variables = dict(pair.split("=", 1) for pair in environment if "=" in pair)
                if (rule, identity) not in self._affected:
                    return RunningJob(
                        variables["SLURM_JOB_ID"],
                        variables["SLURMD_NODENAME"],
                        pid,
                        identity,
                        command,
                    )
        return None

    def ranks(self, number: str) -> list[int]:
        """Returns the process ids of the ranks of a training job, on all its nodes."""
        job_id = f"SLURM_JOB_ID={number}".encode()
        return [
            pid
            for pid, line in self._processes()
            if b"caco.training.rank" in line and b"caco.training.runtime.torchrun" not in line
            if job_id in _environment(pid)
        ]

    def wait_for(self, what: str, found: Callable[[], Any], seconds: float = 400) -> Any:
        """Waits until `found` returns a true value, and returns it."""
        end = time.monotonic() + seconds
        while not (value := found()):
            assert time.monotonic() < end, (
                f"waited {seconds:.0f} s for {what}\n{self.output()[-4000:]}\n"
                f"{self.cluster.log_tail()}"
            )
            time.sleep(0.1)
        return value

    def stop(self) -> None:
        """Stops Snakemake, its jobs and their processes, also after a failed test."""
        for snakemake in self._started:
            snakemake.kill()
            snakemake.wait()
        self.cluster.up()
        if jobs := self._jobs():
            self.cluster.call("scancel", *jobs)
        for pid, _ in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait_for("the run's jobs to end", lambda: not self._jobs())

    def _restarts(self, number: str) -> int:
        shown = re.search(r"Restarts=(\d+)", self.cluster.call("scontrol", "show", "job", number))
        assert shown is not None
        return int(shown[1])

    def _jobs(self) -> list[str]:
        """Returns the job ids of the run's pending and running jobs."""
        lines = self.cluster.call("squeue", "--noheader", "--format=%i %Z").splitlines()
        return [line.split()[0] for line in lines if line.endswith(f" {self.loop.folder}")]

    def _processes(self) -> Iterator[tuple[int, bytes]]:
        """Yields the id and command line of each process that works in the run's folder."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink() == self.loop.folder:
                    yield int(process.name), (process / "cmdline").read_bytes()


class Disk:
    """A small separate file system for the results, which a test can fill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder],
            check=True, capture_output=True,
        )  # fmt: skip

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fills the disk until the block ends, also with what jobs free meanwhile."""
        filler, ended = self._folder / "filler", threading.Event()

        def fill() -> None:
            with filler.open("wb", buffering=0) as file:
                while not ended.wait(0.002):
                    with suppress(OSError):
                        while file.write(bytes(1 << 16)):
                            pass
                    is_full.set()

        is_full = threading.Event()
        filling = threading.Thread(target=fill)
        filling.start()
        is_full.wait()
        try:
            yield
        finally:
            ended.set()
            filling.join()
            filler.unlink()

    def remove(self) -> None:
        """Unmounts the disk as soon as it is unused."""
        subprocess.run(["umount", "--lazy", self._folder], check=True)
