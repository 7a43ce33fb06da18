"""A site file that does not match the cluster is rejected in seconds, without a submission."""

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dag.checkout import Checkout
from tests.slurm.checkout import ON_SLURM
from tests.slurm.cluster import Cluster

# Mostly the start of Snakemake, on cores that may be shared.
MAX_SECONDS = 60


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path.resolve())
    (checkout.folder / "slurm").symlink_to("profiles/slurm")
    return checkout


def run(checkout: Checkout, site: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (checkout.folder / "site.yaml").write_text(yaml.safe_dump(site))
    return subprocess.run(
        [*ON_SLURM, "--retries", "0"], cwd=checkout.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
    )  # fmt: skip


def submitted(cluster: Cluster, checkout: Checkout) -> list[str]:
    jobs = cluster.call("squeue", "--noheader", "--states=all", "--format=%Z").splitlines()
    return [folder for folder in jobs if folder == str(checkout.folder)]


def test_missing_resources_are_reported_together_in_seconds_without_a_submission(
    cluster: Cluster, checkout: Checkout
) -> None:
    site = {"cpu": {"partition": "standard"}, "gpu": {"partition": "gpu", "model": "h200"}}
    started = time.monotonic()
    done = run(checkout, site)
    assert time.monotonic() - started < MAX_SECONDS
    assert done.returncode == 1
    assert "site.yaml: `cpu.partition` is `standard`, which does not exist" in done.stdout
    assert "site.yaml: `gpu.model` is `h200`; the nodes of partition `gpu` have GPUs" in done.stdout
    assert "Traceback" not in done.stdout
    assert submitted(cluster, checkout) == []
    assert {file.name for file in (checkout.folder / "results/embedded").iterdir()} == {"run.lock"}


def test_an_account_that_would_pend_forever_is_rejected(
    cluster: Cluster, checkout: Checkout
) -> None:
    cluster.call("scontrol", "update", "PartitionName=gpu", "AllowAccounts=physics,chemistry")
    try:
        done = run(checkout, {"account": "biology", "gpu": {"partition": "gpu"}})
    finally:
        cluster.call("scontrol", "update", "PartitionName=gpu", "AllowAccounts=ALL")
    assert done.returncode == 1
    assert (
        "`account` is `biology`, but partition `gpu` takes physics, chemistry" in done.stdout
        or "`account` is `biology`, but partition `gpu` takes chemistry, physics" in done.stdout
    )
    assert submitted(cluster, checkout) == []


def test_a_preflight_job_that_fails_silently_is_explained(
    cluster: Cluster, checkout: Checkout
) -> None:
    done = run(checkout, {"setup": "exit 3"})
    assert done.returncode == 1
    assert "the job of rule `preflight` wrote no line to logs/embedded/preflight" in done.stdout
    assert not (checkout.folder / "results/embedded/models").exists()
