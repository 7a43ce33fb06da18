"""Training in real jobs of Slurm: over two nodes, and told in time that its wall time runs out."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.loop import tiny_config
from tests.faults.slurm.faults import Faults, Running
from tests.slurm.cluster import NODES, Cluster
from tests.slurm.loop import SlurmLoop

from caco.rows.loss import Loss
from caco.rows.table import read_rows

EPOCHS = 60
# Slurm looks at wall times every 30 seconds, and gives notice up to so much too early.
ROUND_S = 30
NOTICE_S = 15


def quick() -> dict[str, Any]:
    config = tiny_config()
    for trained in ("codegen", "writer"):
        config[trained]["training"]["epochs"] = EPOCHS
        config[trained]["training"]["micro_batch"] = 2
    return config


@pytest.fixture
def faults(cluster: Cluster, tmp_path: Path) -> Iterator[Faults]:
    """A run of two trainings of two ranks side by side: one on two nodes, one on a single node."""
    usual = {"signal_s": NOTICE_S, "mem_mb": 1000}
    rules = {"codegen": {**usual, "nodes": len(NODES)}, "writer": {**usual, "ranks": 2}}
    site = {"rules": rules}
    targets = [f"results/tiny/{trained}/manifest.json" for trained in ("codegen", "writer")]
    made = Faults(cluster, SlurmLoop(tmp_path.resolve(), quick(), site, *targets))
    try:
        yield made
    finally:
        made.end()


def test_trainings_whose_wall_time_runs_out_go_on_in_their_next_attempt(
    cluster: Cluster, faults: Faults
) -> None:
    snakemake = faults.start()
    kept: dict[str, tuple[Running, Path, list[int]]] = {}

    def both_are_caught() -> bool:
        """Stops the ranks of each training as soon as it has made a step."""
        for trained in {"codegen", "writer"} - kept.keys():
            work = faults.loop.results / f"provenance/{trained}/all.training/scratch"
            if (work / "loss.jsonl").exists() and (job := faults.running(trained)):
                ranks = faults.ranks(job.number)
                for rank in ranks:
                    os.kill(rank, signal.SIGSTOP)
                kept[trained] = (job, work / "stop", ranks)
        return len(kept) == 2

    faults.wait_for("a step of both trainings", both_are_caught)
    assert [len(ranks) for _, _, ranks in kept.values()] == [2, 2]
    for job, *_ in kept.values():
        end = f"EndTime=now+{NOTICE_S + ROUND_S}"
        cluster.call("scontrol", "update", f"JobId={job.number}", end)
    for trained, (_, told, ranks) in kept.items():
        faults.wait_for(f"{trained} to be told", told.exists)
        for rank in ranks:
            os.kill(rank, signal.SIGCONT)
    for job, *_ in kept.values():
        faults.ends_as(job, "FAILED")
    assert snakemake.wait(timeout=300) == 0, faults.said()

    for trained in kept:
        said = faults.said()
        ended = re.search(rf"notice: {trained} was told to end and did so after step (\d+);", said)
        log = (faults.loop.folder / f"logs/tiny/{trained}/all.log").read_text()
        went_on = re.search(rf"{trained}: going on after step (\d+)", log)
        assert ended and went_on and ended[1] == went_on[1]
        curve = list(read_rows(faults.loop.results / trained / "loss.parquet", Loss))
        assert [row.step for row in curve] == list(range(1, len(curve) + 1))
        assert int(ended[1]) < len(curve) and curve[-1].loss < curve[0].loss
