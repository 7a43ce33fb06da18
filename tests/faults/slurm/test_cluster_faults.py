"""A run of six shards on a real Slurm survives every fault of a cluster."""

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
from tests.faults.slurm.faults import Disk, Faults, RunningJob
from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop

from caco.identity import shard_names

SHARDS = 6
ROWS = 8
CORPUS = "results/tiny/corpus/train.parquet"


def six_shards() -> dict[str, Any]:
    config = tiny_config()
    config["shards"] = SHARDS
    config["sample"]["programs_per_shard"] = ROWS
    return config


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk | None]:
    """A separate disk for the results; None if this process may not mount one."""
    try:
        disk = Disk(tmp_path.resolve() / "results")
    except subprocess.CalledProcessError as e:
        warnings.warn(f"no test of a full disk: {e.stderr.decode().strip()}", stacklevel=1)
        yield None
    else:
        yield disk
        disk.remove()


@pytest.fixture
def faults(cluster: Cluster, disk: Disk | None, tmp_path: Path) -> Iterator[Faults]:
    """Faults for a run up to the corpus."""
    faults = Faults(cluster, SlurmLoop(tmp_path.resolve(), six_shards(), {}, CORPUS))
    try:
        yield faults
    finally:
        faults.stop()


def test_a_run_survives_its_cluster(cluster: Cluster, disk: Disk | None, faults: Faults) -> None:
    snakemake = faults.start()
    failed = []

    timed_out = faults.stopped_job("sample")
    failed.append(timed_out)
    cluster.call("scontrol", "update", f"JobId={timed_out.number}", "EndTime=now+1")

    cancelled = faults.stopped_job("sample")
    failed.append(cancelled)
    with cluster.without_submission():
        cluster.call("scancel", cancelled.number)
        faults.wait_for_final_state(cancelled, "CANCELLED")
        faults.wait_for_detection(cancelled)
        faults.wait_for("a submission that is retried", faults.waiting_to_submit)

    if disk is not None:
        writing = faults.stopped_job("sample")
        failed.append(writing)
        with disk.full():
            os.kill(writing.pid, signal.SIGCONT)
            faults.wait_for_final_state(writing, "FAILED")
        faults.wait_for_message(
            rf"cluster error: results/tiny/.*{writing.identity}.*: no space left on its disk"
        )

    killed = faults.stopped_job("sample")
    failed.append(killed)
    os.kill(killed.pid, signal.SIGKILL)
    faults.wait_for_final_state(killed, "FAILED")
    faults.wait_for_detection(killed)

    with cluster.without_controller():
        time.sleep(15)

    reading = faults.stopped_job("verify")
    damaged = damage(faults, reading)
    os.kill(reading.pid, signal.SIGCONT)
    faults.wait_for_message(
        rf"input error: results/tiny/programs/{reading.identity}.parquet: "
        r"(its SHA-256 is .*, but job `sample|not a readable Parquet file .*; delete it and run)"
    )

    # Slurm checks wall times twice per minute; a job that still runs would be preempted below.
    faults.wait_for_final_state(timed_out, "TIMEOUT")
    faults.wait_for_detection(timed_out)

    preempted = faults.stopped_job("question")
    cluster.call("sbatch", "--partition=urgent", "--exclusive", f"--nodelist={preempted.node}",
                 "--output=/dev/null", "--wrap=sleep 2")  # fmt: skip
    faults.wait_for_restart(preempted)

    on_failed_node = faults.stopped_job("solution")
    cluster.stop_node(on_failed_node.node)
    faults.wait_for(
        f"{on_failed_node.node} to be down", lambda: cluster.is_down(on_failed_node.node)
    )
    cluster.start_node(on_failed_node.node)
    faults.wait_for_restart(on_failed_node)

    outputs = [Path(job.file("--programs")) for job in failed]
    faults.wait_for(
        "the outputs of the failed jobs",
        lambda: all((faults.loop.folder / f).exists() for f in outputs),
    )
    assert "Exception in run_job" not in faults.output()
    faults.wait_for("a job of judge", lambda: faults.running("judge"))
    snakemake.kill()
    snakemake.wait()

    damaged.unlink()
    faults.finish()
    check_rows(faults.loop)


def damage(faults: Faults, reading: RunningJob) -> Path:
    """Truncates the input of a job and returns its path."""
    path = faults.loop.folder / reading.file("--programs")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def check_rows(loop: SlurmLoop) -> None:
    """Checks that no stage has lost or duplicated a row, and that no temporary file remains."""
    for shard in shard_names(SHARDS):
        rows = loop.results / "programs" / f"{shard}.parquet"
        assert pq.read_metadata(rows).num_rows == ROWS
        for step, folder in (
            ("verify", "verified"), ("question", "questions"), ("solution", "solutions"),
            ("judge", "judged"), ("check", "checked"),
        ):  # fmt: skip
            accepted = loop.results / folder / f"{shard}.parquet"
            rejected = loop.results / "rejected" / step / f"{shard}.parquet"
            out = [pq.read_metadata(file).num_rows for file in (accepted, rejected)]
            assert sum(out) == pq.read_metadata(rows).num_rows, (shard, step)
            rows = accepted
    sampled = pq.read_table(loop.results / "programs", columns=["sample_id"])
    assert len(set(sampled["sample_id"].to_pylist())) == SHARDS * ROWS
    checked = pq.read_table(loop.results / "checked").num_rows
    corpus = pq.read_table(loop.results / "corpus" / "train.parquet")
    rejected_rows = pq.read_metadata(loop.results / "rejected/corpus/all.parquet").num_rows
    assert corpus.num_rows + rejected_rows == checked > 0
    for identity in ("program_id", "question_id", "sample_id"):
        assert len(set(corpus[identity].to_pylist())) == corpus.num_rows, identity
    assert [*loop.results.rglob("*.part"), *loop.results.rglob("*.journal")] == []
