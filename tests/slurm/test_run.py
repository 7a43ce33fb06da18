"""The complete workflow on a real Slurm: the same rows as locally, GPUs only where requested."""

import json
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from tests.e2e.loop import ROOT, Loop, tiny_config, uninterrupted
from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop

ON_GPUS = {"codegen", "sample", "writer", "question", "solution", "student", "answer"}
# Rules that download or belong to the submit host run there.
NOT_SUBMITTED = {"model", "seeds", "bench_problems", "preflight_passed"}


class Runs(NamedTuple):
    """Two finished runs of the same config."""

    on_slurm: SlurmLoop
    local: Loop


@pytest.fixture(scope="module")
def runs(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A run on the cluster, with a separate partition for GPU jobs, and a local run.

    The cluster run mostly waits, so both run concurrently.
    """
    site = {"gpu": {"partition": "gpu"}, "rules": {"sample": {"gpus": 2}}}
    on_slurm = SlurmLoop(tmp_path_factory.mktemp("slurm").resolve(), tiny_config(), site)
    printed = on_slurm.folder / "printed.txt"
    with printed.open("w") as output:
        process = on_slurm.start(output)
    try:
        local = uninterrupted(tmp_path_factory)
        assert process.wait(timeout=900) == 0, printed.read_text()
    finally:
        process.kill()
    return Runs(on_slurm, local)


@pytest.fixture
def on_slurm(runs: Runs) -> SlurmLoop:
    return runs.on_slurm


@pytest.fixture
def local(runs: Runs) -> Loop:
    return runs.local


def records(loop: Loop) -> list[dict[str, Any]]:
    return [json.loads(p.read_text()) for p in (loop.results / "provenance").rglob("*.json")]


def test_every_table_is_byte_identical_to_the_local_run(on_slurm: SlurmLoop, local: Loop) -> None:
    tables = {p.relative_to(local.results) for p in local.results.rglob("*.parquet")}
    assert {p.relative_to(on_slurm.results) for p in on_slurm.results.rglob("*.parquet")} == tables
    for table in tables:
        assert (on_slurm.results / table).read_bytes() == (local.results / table).read_bytes(), (
            table
        )
    assert on_slurm.root() == local.root()


def test_only_rules_that_request_a_gpu_get_one(on_slurm: SlurmLoop) -> None:
    visible = {(r["rule"], r["gpus"]["visible"]) for r in records(on_slurm)}
    assert {rule for rule, gpu in visible if gpu is not None} == ON_GPUS
    assert {gpu for rule, gpu in visible if rule in ON_GPUS - {"sample"}} <= {"0", "1"}
    # One replica of the model per GPU, and the same rows as with the single one of the local run.
    assert {gpu for rule, gpu in visible if rule == "sample"} == {"0,1"}


def test_every_other_job_ran_in_slurm(on_slurm: SlurmLoop) -> None:
    numbers = [r["slurm"]["SLURM_JOB_ID"] for r in records(on_slurm) if r["slurm"]]
    assert len(numbers) == len(set(numbers))
    assert {r["rule"] for r in records(on_slurm) if not r["slurm"]} == NOT_SUBMITTED


def test_the_site_file_determines_the_partitions(on_slurm: SlurmLoop) -> None:
    partitions = {
        r["rule"]: r["slurm"]["SLURM_JOB_PARTITION"] for r in records(on_slurm) if r["slurm"]
    }
    assert {rule for rule, partition in partitions.items() if partition == "gpu"} == ON_GPUS


def test_records_hold_requested_and_used_resources(on_slurm: SlurmLoop) -> None:
    requested = {r["rule"]: r["requested"] for r in records(on_slurm)}
    hours = 3600
    assert requested["sample"] == {
        "nodes": 1, "cores": 1, "mem_mb": 64_000, "gpus": 2, "wall_s": 4 * hours,
    }  # fmt: skip
    assert requested["verify"] == {
        "nodes": 1, "cores": 1, "mem_mb": 16_000, "gpus": 0, "wall_s": 2 * hours,
    }  # fmt: skip
    assert {rule for rule, found in requested.items() if found is None} == NOT_SUBMITTED
    used = {r["rule"]: r["used"] for r in records(on_slurm)}
    assert all(found["cpu_s"] > 0 and found["process_mb"] > 10 for found in used.values())
    page = (on_slurm.results / "report.html").read_text()
    assert ">4 h 00 min</td>" in page
    assert ">64,000 MB</td>" in page


def test_the_status_counts_every_job(on_slurm: SlurmLoop) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/status.py", on_slurm.results],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    jobs = len(records(on_slurm))
    assert f"{jobs} of {jobs} jobs done\n" in done.stdout
    assert "failed once" not in done.stdout


def test_a_second_run_has_nothing_to_do(on_slurm: SlurmLoop) -> None:
    code, printed = on_slurm.run()
    assert code == 0
    assert "Nothing to be done" in printed
