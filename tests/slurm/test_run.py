"""The whole workflow on a real Slurm: the same rows as on one machine, GPUs where they are due."""

import json
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from tests.e2e.loop import ROOT, Loop, tiny_config, undisturbed
from tests.slurm.cluster import Cluster
from tests.slurm.loop import SlurmLoop

ON_GPUS = {"codegen", "sample", "writer", "question", "solution", "student", "bench"}
# They fetch, or are the submitting side's word, so they run where Snakemake does.
NOT_SUBMITTED = {"model", "seeds", "bench_problems", "preflight_passed"}


class Both(NamedTuple):
    """Two finished runs of one config."""

    on_slurm: SlurmLoop
    local: Loop


@pytest.fixture(scope="module")
def both(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A run on the cluster, where jobs with GPUs have a partition of their own, and a local one.

    The first mostly waits, so the second is made meanwhile.
    """
    site = {"gpu": {"partition": "gpu"}, "rules": {"sample": {"gpus": 2}}}
    made = SlurmLoop(tmp_path_factory.mktemp("slurm").resolve(), tiny_config(), site)
    printed = made.folder / "printed.txt"
    with printed.open("w") as said:
        going = made.start(said)
    try:
        local = undisturbed(tmp_path_factory)
        assert going.wait(timeout=900) == 0, printed.read_text()
    finally:
        going.kill()
    return Both(made, local)


@pytest.fixture
def on_slurm(both: Both) -> SlurmLoop:
    return both.on_slurm


@pytest.fixture
def local(both: Both) -> Loop:
    return both.local


def records(loop: Loop) -> list[dict[str, Any]]:
    return [json.loads(p.read_text()) for p in (loop.results / "provenance").rglob("*.json")]


def test_every_table_is_the_local_runs_to_the_byte(on_slurm: SlurmLoop, local: Loop) -> None:
    tables = {p.relative_to(local.results) for p in local.results.rglob("*.parquet")}
    assert {p.relative_to(on_slurm.results) for p in on_slurm.results.rglob("*.parquet")} == tables
    different = {
        str(table)
        for table in tables
        if (on_slurm.results / table).read_bytes() != (local.results / table).read_bytes()
    }
    # These hold seconds as well; the checkpoints that they are of wrote all the rest.
    assert different <= {f"{trained}/loss.parquet" for trained in ("codegen", "writer", "student")}


def test_rules_that_need_a_gpu_got_one_and_no_other_did(on_slurm: SlurmLoop) -> None:
    visible = {(r["rule"], r["gpus"]["visible"]) for r in records(on_slurm)}
    assert {rule for rule, gpu in visible if gpu is not None} == ON_GPUS
    assert {gpu for rule, gpu in visible if rule in ON_GPUS - {"sample"}} <= {"0", "1"}
    # A copy of the model on each, and the same rows as the local run's one.
    assert {gpu for rule, gpu in visible if rule == "sample"} == {"0,1"}


def test_every_other_job_ran_in_slurm(on_slurm: SlurmLoop) -> None:
    numbers = [r["slurm"]["SLURM_JOB_ID"] for r in records(on_slurm) if r["slurm"]]
    assert len(numbers) == len(set(numbers))
    assert {r["rule"] for r in records(on_slurm) if not r["slurm"]} == NOT_SUBMITTED


def test_the_site_file_says_where_jobs_go(on_slurm: SlurmLoop) -> None:
    where = {r["rule"]: r["slurm"]["SLURM_JOB_PARTITION"] for r in records(on_slurm) if r["slurm"]}
    assert {rule for rule, partition in where.items() if partition == "gpu"} == ON_GPUS


def test_records_hold_what_slurm_gave_and_what_was_used(on_slurm: SlurmLoop) -> None:
    given = {r["rule"]: r["given"] for r in records(on_slurm)}
    hours = 3600
    assert given["sample"] == {
        "nodes": 1, "cores": 1, "mem_mb": 64_000, "gpus": 2, "wall_s": 4 * hours,
    }  # fmt: skip
    assert given["verify"] == {
        "nodes": 1, "cores": 1, "mem_mb": 16_000, "gpus": 0, "wall_s": 2 * hours,
    }  # fmt: skip
    assert {rule for rule, found in given.items() if found is None} == NOT_SUBMITTED
    used = {r["rule"]: r["used"] for r in records(on_slurm)}
    assert all(found["cpu_s"] > 0 and found["process_mb"] > 10 for found in used.values())
    page = (on_slurm.results / "report.html").read_text()
    assert '<td class="n">4 h 00 min</td>' in page
    assert '<td class="n">64,000 MB</td>' in page


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
