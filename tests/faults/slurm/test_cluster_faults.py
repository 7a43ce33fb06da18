"""One run of twelve shards on a real Slurm, in which everything breaks that a cluster can break."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.loop import tiny_config
from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop

from caco.rows.program import Program
from caco.rows.table import read_rows

SHARDS = 12
ROWS = 8


class Running(NamedTuple):
    """A generation job in the midst of its work: its Slurm number, node and process."""

    number: str
    node: str
    pid: int


class Faults:
    """What can happen to a run; each job is struck once."""

    def __init__(self, cluster: Cluster, loop: SlurmLoop) -> None:
        self.cluster = cluster
        self.loop = loop
        self._struck: set[str] = set()

    def frozen(self, rule: str) -> Running:
        """Returns a running job of `rule`, stopped so that it cannot end before it is struck."""
        job = wait_for(f"a job of {rule}", lambda: self._running(rule))
        os.kill(job.pid, signal.SIGSTOP)
        self._struck.add(job.number)
        return job

    def state(self, job: Running) -> str:
        """Returns Slurm's word for how a job is."""
        asked = ("squeue", "--noheader", "--states=all", "--format=%T", "--jobs", job.number)
        return self.cluster.call(*asked)

    def ends_as(self, job: Running, state: str) -> None:
        """Waits until a job has ended in a state."""
        wait_for(f"job {job.number} to be {state}", lambda: self.state(job) == state)

    def restarts(self, job: Running) -> None:
        """Waits until Slurm has started a job anew."""

        def restarted() -> bool:
            shown = self.cluster.call("scontrol", "show", "job", job.number)
            return "Restarts=1" in shown and self.state(job) in ("RUNNING", "COMPLETED")

        wait_for(f"job {job.number} to start again", restarted)

    def _running(self, rule: str) -> Running | None:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if (process / "cwd").readlink() != self.loop.folder:
                    continue
                if words[1:2] != [f"scripts/{rule}.py".encode()]:
                    continue
                pairs = (process / "environ").read_bytes().decode().split("\0")
                found = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
                if found.get("SLURM_JOB_ID", "") not in self._struck | {""}:
                    return Running(
                        found["SLURM_JOB_ID"], found["SLURMD_NODENAME"], int(process.name)
                    )
        return None


def wait_for(what: str, found: Callable[[], Any], seconds: float = 300) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.1)
    return value


def twelve_shards() -> dict[str, Any]:
    config = tiny_config()
    config["shards"] = SHARDS
    config["sample"]["programs_per_shard"] = ROWS
    return config


def test_a_run_survives_its_cluster(cluster: Cluster, tmp_path: Path) -> None:
    loop = SlurmLoop(tmp_path.resolve(), twelve_shards(), {})
    faults = Faults(cluster, loop)
    snakemake = started(loop)

    cancelled = faults.frozen("sample")
    cluster.call("scancel", cancelled.number)
    faults.ends_as(cancelled, "CANCELLED")

    killed = faults.frozen("sample")
    os.kill(killed.pid, signal.SIGKILL)
    faults.ends_as(killed, "FAILED")

    late = faults.frozen("sample")
    cluster.call("scontrol", "update", f"JobId={late.number}", "EndTime=now+1")
    faults.ends_as(late, "TIMEOUT")

    with cluster.without_controller():
        time.sleep(20)

    preempted = faults.frozen("question")
    cluster.call("sbatch", "--partition=urgent", "--exclusive", f"--nodelist={preempted.node}",
                 "--output=/dev/null", "--wrap=sleep 2")  # fmt: skip
    faults.restarts(preempted)

    powerless = faults.frozen("solution")
    cluster.stop_node(powerless.node)
    wait_for(f"{powerless.node} to be down", lambda: cluster.is_down(powerless.node))
    cluster.start_node(powerless.node)
    faults.restarts(powerless)

    wait_for("a job of judge", lambda: faults._running("judge"))
    snakemake.kill()
    snakemake.wait()

    code, printed = loop.run()
    assert code == 0, printed
    nothing_is_lost_or_doubled(loop)
    assert str(loop.folder) not in cluster.call("squeue", "--noheader", "--format=%Z")


def started(loop: SlurmLoop) -> subprocess.Popen[str]:
    """Starts a run whose words go to a file, since nobody reads them until it is killed."""
    with (loop.folder / "first.txt").open("w") as said:
        return loop.start(said)


def nothing_is_lost_or_doubled(loop: SlurmLoop) -> None:
    rows = [row for path in sorted((loop.results / "programs").glob("*.parquet"))
            for row in read_rows(path, Program)]  # fmt: skip
    assert len(rows) == SHARDS * ROWS
    assert len({row.sample_id for row in rows}) == SHARDS * ROWS
    stages = {s["stage"]: s for s in json.loads((loop.results / "funnel.json").read_text())}
    assert stages["verify"]["in"] == SHARDS * ROWS
    for stage in stages.values():
        assert stage["in"] == stage["accepted"] + sum(stage["rejected"].values())
    for before, after in (
        ("verify", "question"), ("question", "solution"), ("solution", "judge"),
        ("judge", "corpus"),
    ):  # fmt: skip
        assert stages[after]["in"] == stages[before]["accepted"], after
    assert [*loop.results.rglob("*.part"), *loop.results.rglob("*.journal")] == []
