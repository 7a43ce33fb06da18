"""Training in real Slurm jobs: on two nodes, and with a signal before the end of the wall time."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.loop import tiny_config
from tests.faults.slurm.faults import Faults, RunningJob
from tests.slurm.cluster import NODES, Cluster
from tests.slurm.loop import SlurmLoop

from caco.rows.loss import Loss
from caco.rows.table import read_rows

EPOCHS = 60
# Slurm checks wall times every 30 seconds, so the signal may arrive up to 30 seconds early.
CHECK_S = 30
SIGNAL_S = 15


def short_trainings() -> dict[str, Any]:
    config = tiny_config()
    for trained in ("codegen", "writer"):
        config[trained]["training"]["epochs"] = EPOCHS
    return config


@pytest.fixture
def faults(cluster: Cluster, tmp_path: Path) -> Iterator[Faults]:
    """Faults for a run of two concurrent trainings of two ranks, on two nodes and on one node."""
    resources = {"signal_s": SIGNAL_S, "mem_mb": 1000}
    rules = {"codegen": {**resources, "nodes": len(NODES)}, "writer": {**resources, "ranks": 2}}
    site = {"rules": rules}
    targets = [f"results/tiny/{trained}/manifest.json" for trained in ("codegen", "writer")]
    faults = Faults(cluster, SlurmLoop(tmp_path.resolve(), short_trainings(), site, *targets))
    try:
        yield faults
    finally:
        faults.stop()


def test_trainings_resume_in_the_next_attempt_after_the_end_of_their_wall_time(
    cluster: Cluster, faults: Faults
) -> None:
    snakemake = faults.start()
    stopped: dict[str, tuple[RunningJob, Path, list[int]]] = {}

    def both_are_stopped() -> bool:
        """Stops the ranks of each training after its first step."""
        for trained in {"codegen", "writer"} - stopped.keys():
            scratch = faults.loop.results / f"provenance/{trained}/all.training/scratch"
            if (scratch / "loss.jsonl").exists() and (job := faults.running(trained)):
                ranks = faults.ranks(job.number)
                for rank in ranks:
                    os.kill(rank, signal.SIGSTOP)
                stopped[trained] = (job, scratch / "stop", ranks)
        return len(stopped) == 2

    faults.wait_for("a step of both trainings", both_are_stopped)
    assert [len(ranks) for _, _, ranks in stopped.values()] == [2, 2]
    for job, *_ in stopped.values():
        end = f"EndTime=now+{SIGNAL_S + CHECK_S}"
        cluster.call("scontrol", "update", f"JobId={job.number}", end)
    for trained, (_, stop_file, ranks) in stopped.items():
        faults.wait_for(f"the signal to {trained}", stop_file.exists)
        for rank in ranks:
            os.kill(rank, signal.SIGCONT)
    for job, *_ in stopped.values():
        faults.wait_for_final_state(job, "FAILED")
    assert snakemake.wait(timeout=900) == 0, faults.output()

    for trained in stopped:
        output = faults.output()
        preempted = re.search(
            rf"notice: {trained} was preempted and stopped after step (\d+);", output
        )
        log = (faults.loop.folder / f"logs/tiny/{trained}/all.log").read_text()
        resumed = re.search(rf"{trained}: resuming after step (\d+)", log)
        assert preempted and resumed and preempted[1] == resumed[1]
        curve = list(read_rows(faults.loop.results / trained / "loss.parquet", Loss))
        assert [row.step for row in curve] == list(range(1, len(curve) + 1))
        assert int(preempted[1]) < len(curve) and curve[-1].loss < curve[0].loss
