"""One run of twelve shards on a real Slurm, in which everything breaks that a cluster can break."""

import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.e2e.loop import tiny_config
from tests.faults.slurm.faults import Disk, Faults, Running
from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop

from caco.identity import shard_names

SHARDS = 12
ROWS = 8
CORPUS = "results/tiny/corpus/train.parquet"


def twelve_shards() -> dict[str, Any]:
    config = tiny_config()
    config["shards"] = SHARDS
    config["sample"]["programs_per_shard"] = ROWS
    return config


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk | None]:
    """The results' own disk, where this process may mount one."""
    try:
        made = Disk(tmp_path.resolve() / "results")
    except subprocess.CalledProcessError as e:
        warnings.warn(f"no disk is filled: {e.stderr.decode().strip()}", stacklevel=1)
        yield None
    else:
        yield made
        made.remove()


@pytest.fixture
def faults(cluster: Cluster, disk: Disk | None, tmp_path: Path) -> Iterator[Faults]:
    """A run up to the corpus, and what can happen to it."""
    made = Faults(cluster, SlurmLoop(tmp_path.resolve(), twelve_shards(), {}, CORPUS))
    try:
        yield made
    finally:
        made.end()


def test_a_run_survives_its_cluster(cluster: Cluster, disk: Disk | None, faults: Faults) -> None:
    snakemake = faults.start()
    failed = []

    late = faults.frozen("sample")
    failed.append(late)
    cluster.call("scontrol", "update", f"JobId={late.number}", "EndTime=now+1")

    cancelled = faults.frozen("sample")
    failed.append(cancelled)
    with cluster.without_submission():
        cluster.call("scancel", cancelled.number)
        faults.ends_as(cancelled, "CANCELLED")
        faults.is_noticed(cancelled)
        faults.wait_for("a submission that waits", faults.waiting_to_submit)

    if disk is not None:
        writing = faults.frozen("sample")
        failed.append(writing)
        with disk.full():
            os.kill(writing.pid, signal.SIGCONT)
            faults.ends_as(writing, "FAILED")
        faults.is_told(
            rf"cluster error: results/tiny/.*{writing.identity}.*: there is no room left"
        )

    killed = faults.frozen("sample")
    failed.append(killed)
    os.kill(killed.pid, signal.SIGKILL)
    faults.ends_as(killed, "FAILED")
    faults.is_noticed(killed)

    with cluster.without_controller():
        time.sleep(15)

    reading = faults.frozen("verify")
    damaged = damage(faults, reading)
    os.kill(reading.pid, signal.SIGCONT)
    faults.is_told(
        rf"input error: results/tiny/programs/{reading.identity}.parquet: not a readable Parquet "
        r"file .*; delete it and run again"
    )

    # Slurm looks for late jobs twice a minute; one that still runs would be preempted below.
    faults.ends_as(late, "TIMEOUT")
    faults.is_noticed(late)

    preempted = faults.frozen("question")
    cluster.call("sbatch", "--partition=urgent", "--exclusive", f"--nodelist={preempted.node}",
                 "--output=/dev/null", "--wrap=sleep 2")  # fmt: skip
    faults.restarts(preempted)

    powerless = faults.frozen("solution")
    cluster.stop_node(powerless.node)
    faults.wait_for(f"{powerless.node} to be down", lambda: cluster.is_down(powerless.node))
    cluster.start_node(powerless.node)
    faults.restarts(powerless)

    struck = [Path(job.file("--programs")) for job in failed]
    faults.wait_for(
        "what failed to be made anew",
        lambda: all((faults.loop.folder / f).exists() for f in struck),
    )
    assert "Exception in run_job" not in faults.said()
    faults.wait_for("a job of judge", lambda: faults.running("judge"))
    snakemake.kill()
    snakemake.wait()

    damaged.unlink()
    faults.finish()
    nothing_is_lost_or_doubled(faults.loop)


def damage(faults: Faults, reading: Running) -> Path:
    """Cuts the file short that a job is about to read, and returns it."""
    path = faults.loop.folder / reading.file("--programs")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def nothing_is_lost_or_doubled(loop: SlurmLoop) -> None:
    """In every shard, every row that entered a stage has left it once; the corpus has the rest."""
    for shard in shard_names(SHARDS):
        rows = loop.results / "programs" / f"{shard}.parquet"
        assert pq.read_metadata(rows).num_rows == ROWS
        for step, folder in (
            ("verify", "verified"), ("question", "questions"), ("solution", "solutions"),
            ("judge", "judged"),
        ):  # fmt: skip
            accepted = loop.results / folder / f"{shard}.parquet"
            rejected = loop.results / "rejected" / step / f"{shard}.parquet"
            out = [pq.read_metadata(file).num_rows for file in (accepted, rejected)]
            assert sum(out) == pq.read_metadata(rows).num_rows, (shard, step)
            rows = accepted
    sampled = pq.read_table(loop.results / "programs", columns=["sample_id"])
    assert len(set(sampled["sample_id"].to_pylist())) == SHARDS * ROWS
    judged = pq.read_table(loop.results / "judged").num_rows
    corpus = pq.read_table(loop.results / "corpus" / "train.parquet")
    rejected_rows = pq.read_metadata(loop.results / "rejected/corpus/all.parquet").num_rows
    assert corpus.num_rows + rejected_rows == judged > 0
    for identity in ("program_id", "question_id", "sample_id"):
        assert len(set(corpus[identity].to_pylist())) == corpus.num_rows, identity
    assert [*loop.results.rglob("*.part"), *loop.results.rglob("*.journal")] == []
