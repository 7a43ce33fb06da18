"""What can happen to a run on a cluster, injected into the real thing."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop


class Running(NamedTuple):
    """A job in the midst of its work.

    Attributes:
        number: Slurm's.
        node: Where it runs.
        pid: The process of its script.
        identity: What of its rule it makes, as a shard's name.
        words: Its script's command line.
        restarts: How often Slurm has started it again.
    """

    number: str
    node: str
    pid: int
    identity: str
    words: list[str]
    restarts: int = 0

    def file(self, flag: str) -> str:
        """Returns the file that the job's command names after a flag."""
        return self.words[self.words.index(flag) + 1]


def _environment(pid: int) -> list[bytes]:
    """Returns a process's environment, empty if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


class Faults:
    """Injects faults into one run; each of its jobs is struck once."""

    def __init__(self, cluster: Cluster, loop: SlurmLoop) -> None:
        self.cluster = cluster
        self.loop = loop
        self._started: list[subprocess.Popen[str]] = []
        self._struck: set[tuple[str, str]] = set()

    def start(self) -> subprocess.Popen[str]:
        """Starts Snakemake; what it says goes to a file, since nobody reads it until it is dead."""
        with (self.loop.folder / "said.txt").open("w") as said:
            self._started.append(self.loop.start(said))
        return self._started[-1]

    def said(self) -> str:
        """Returns what Snakemake has said since it was started last."""
        return (self.loop.folder / "said.txt").read_text()

    def finish(self) -> None:
        """Runs Snakemake to its end, which must be a good one."""
        assert self.start().wait(timeout=900) == 0, self.said()

    def frozen(self, rule: str) -> Running:
        """Returns a running job of `rule`, stopped so that it cannot end before it is struck."""
        job: Running = self.wait_for(f"a job of {rule}", lambda: self.running(rule))
        os.kill(job.pid, signal.SIGSTOP)
        self._struck.add((rule, job.identity))
        return job._replace(restarts=self._restarts(job.number))

    def state(self, job: Running) -> str:
        """Returns Slurm's word for how a job is."""
        asked = ("squeue", "--noheader", "--states=all", "--format=%T", "--jobs", job.number)
        return self.cluster.call(*asked)

    def ends_as(self, job: Running, state: str) -> None:
        """Waits until a job has ended, which must be in this state."""
        going = ("PENDING", "RUNNING", "COMPLETING")
        self.wait_for(f"job {job.number} to be {state}", lambda: self.state(job) not in going)
        assert self.state(job) == state, f"job {job.number} is {self.state(job)}, not {state}"

    def restarts(self, job: Running) -> None:
        """Waits until Slurm has started a job anew."""

        def restarted() -> bool:
            again = self._restarts(job.number) > job.restarts
            return again and self.state(job) in ("RUNNING", "COMPLETED")

        self.wait_for(f"job {job.number} to start again", restarted)

    def is_noticed(self, job: Running) -> None:
        """Waits until Snakemake knows that a job has failed, and so makes its outputs anew."""
        self.is_told(f"SLURM-job '{job.number}' failed")

    def is_told(self, sentence: str) -> None:
        """Waits until Snakemake has shown a sentence, which may be a pattern, of a failed job."""
        self.wait_for(f"{sentence!r} to be told", lambda: re.search(sentence, self.said()))

    def waiting_to_submit(self) -> bool:
        """Tells whether an sbatch of the profile's was refused and sleeps before it asks again."""
        return any(words.startswith(b"sleep\0") for _, words in self._processes())

    def running(self, rule: str) -> Running | None:
        """Returns a job of `rule` that was not struck yet, if one runs."""
        for pid, line in self._processes():
            words = line.decode().split("\0")
            if words[1:2] != [f"scripts/{rule}.py"]:
                continue
            identity = words[words.index("--identity") + 1] if "--identity" in words else "all"
            with suppress(OSError, KeyError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                of = dict(pair.split("=", 1) for pair in environment if "=" in pair)
                if (rule, identity) not in self._struck:
                    return Running(of["SLURM_JOB_ID"], of["SLURMD_NODENAME"], pid, identity, words)
        return None

    def ranks(self, number: str) -> list[int]:
        """Returns the ranks of the training that is a Slurm job, on all its nodes."""
        mine = f"SLURM_JOB_ID={number}".encode()
        return [
            pid
            for pid, line in self._processes()
            if b"caco.training.rank" in line and b"caco.training.runtime.torchrun" not in line
            if mine in _environment(pid)
        ]

    def wait_for(self, what: str, found: Callable[[], Any], seconds: float = 400) -> Any:
        """Waits for something to be true, and returns it."""
        end = time.monotonic() + seconds
        while not (value := found()):
            assert time.monotonic() < end, (
                f"waited {seconds:.0f} s for {what}\n{self.said()[-4000:]}\n"
                f"{self.cluster.last_words()}"
            )
            time.sleep(0.1)
        return value

    def end(self) -> None:
        """Leaves nothing running, however the test ended."""
        for snakemake in self._started:
            snakemake.kill()
            snakemake.wait()
        self.cluster.up()
        if left := self._jobs():
            self.cluster.call("scancel", *left)
        for pid, _ in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait_for("the run's jobs to end", lambda: not self._jobs())

    def _restarts(self, number: str) -> int:
        shown = re.search(r"Restarts=(\d+)", self.cluster.call("scontrol", "show", "job", number))
        assert shown is not None
        return int(shown[1])

    def _jobs(self) -> list[str]:
        """Returns the numbers of the run's jobs that Slurm has not done with."""
        lines = self.cluster.call("squeue", "--noheader", "--format=%i %Z").splitlines()
        return [line.split()[0] for line in lines if line.endswith(f" {self.loop.folder}")]

    def _processes(self) -> Iterator[tuple[int, bytes]]:
        """Yields the processes that work in the run's folder, with their command lines."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink() == self.loop.folder:
                    yield int(process.name), (process / "cmdline").read_bytes()


class Disk:
    """A disk of its own for the results, so small that it can be filled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder],
            check=True, capture_output=True,
        )  # fmt: skip

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leaves no room on the disk, and makes room again at the end."""
        filler = self._folder / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(1 << 16)):
                pass
        yield
        filler.unlink()

    def remove(self) -> None:
        """Takes the disk away, once nobody works on it."""
        subprocess.run(["umount", "--lazy", self._folder], check=True)
