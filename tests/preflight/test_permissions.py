"""Slurm is queried for the user's permissions, and only permanent refusals are errors."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.preflight.permissions import permission_errors
from caco.preflight.requests import resource_requests

# As Slurm 22.05 prints it.
PARTITION = (
    "PartitionName=gpu AllowGroups=ALL {} AllocNodes=ALL Default=NO QoS=N/A MaxTime=01:30:00 "
    "State=UP TRES=cpu=192,mem=2500000M,node=4,billing=192"
)
OPEN = "AllowAccounts=ALL AllowQos=ALL"


def messages(folder: Path, lists: str = OPEN, sbatch: str = "", **resources: Any) -> list[str]:
    """Returns the errors where Slurm's commands print this; `sbatch` is its error, if any."""
    (folder / "sbatch.txt").write_text(sbatch or "sbatch: Job 7 to start at a time")
    bodies = {
        "scontrol": f"echo '{PARTITION.format(lists)}'",
        "sbatch": f"cat {folder}/sbatch.txt >&2; exit {int(bool(sbatch))}",
    }
    for name, body in bodies.items():
        note = f'echo {name} "$@" >> {folder}/calls.txt'
        (folder / name).write_text(f"#!/bin/sh\n{note}\n{body}\n")
        (folder / name).chmod(0o755)
    requests = resource_requests(
        job(rule, threads=8, slurm_partition="gpu", gres="gpu:h100:4", mem_mb=64000, runtime=60,
            slurm_extra="--signal=USR1@300", **resources)
        for rule in ("sample", "student")
    )  # fmt: skip
    return [f"{error.owner}: {error}" for error in permission_errors(requests)]


@pytest.fixture(autouse=True)
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_one_complete_request_is_tested_for_each_combination(tmp_path: Path) -> None:
    assert messages(tmp_path, slurm_account="mine", qos="long", constraint="ib") == []
    assert (tmp_path / "calls.txt").read_text().splitlines() == [
        "scontrol --oneliner show partition gpu",
        "sbatch --test-only --partition=gpu --account=mine --qos=long --constraint=ib "
        "--gres=gpu:h100:4 --mem=64000 --time=60 --nodes=1 --cpus-per-task=8 --ntasks=1 "
        "--signal=USR1@300 --wrap=true",
    ]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ("AllowAccounts=a,b AllowQos=ALL", "`account` is `mine`, but partition `gpu` takes a, b"),
        ("DenyAccounts=mine,b AllowQos=ALL", "`account` is `mine`, but partition `gpu` takes all "
         "but mine, b"),
        ("AllowAccounts=ALL AllowQos=short", "`gpu.qos` is `long`, but partition `gpu` takes "
         "short"),
    ],
)  # fmt: skip
def test_what_a_partition_does_not_list_is_refused(
    tmp_path: Path, lists: str, message: str
) -> None:
    found = messages(tmp_path, lists, slurm_account="mine", qos="long")
    assert found == [f"input: site.yaml: {message}"]


def test_an_account_below_one_that_is_listed_is_not_refused(tmp_path: Path) -> None:
    tree = "physics|root\nphysics|\nlattice|physics\nmine|lattice\nmine|"
    (tmp_path / "sacctmgr").write_text(f"#!/bin/sh\necho '{tree}'\n")
    (tmp_path / "sacctmgr").chmod(0o755)
    assert messages(tmp_path, "AllowAccounts=a,physics AllowQos=ALL", slurm_account="mine") == []
    assert messages(tmp_path, "AllowAccounts=a,biology AllowQos=ALL", slurm_account="mine")
    assert messages(tmp_path, "AllowAccounts=physics DenyAccounts=mine", slurm_account="mine")


def test_a_limit_on_a_jobs_size_is_an_error_and_one_on_the_number_of_jobs_is_not(
    tmp_path: Path,
) -> None:
    policy = "allocation failure: Job violates accounting/QOS policy (job submit limit, the size)"
    (found,) = messages(tmp_path, sbatch=f"sbatch: error: QOSMaxGRESPerJob\n{policy}")
    assert (
        "Slurm refuses jobs with partition `gpu`" in found and ": QOSMaxGRESPerJob; corr" in found
    )
    assert messages(tmp_path, sbatch=f"sbatch: error: QOSMaxSubmitJobPerUserLimit\n{policy}") == []
    assert messages(tmp_path, sbatch=policy) == []


def test_the_default_account_is_not_compared(tmp_path: Path) -> None:
    assert messages(tmp_path, "AllowAccounts=a AllowQos=short") == []


@pytest.mark.parametrize(
    "words",
    [
        "Invalid account or account/partition combination specified",
        "Invalid qos specification",
        "User's group not permitted to use this partition",
    ],
)
def test_a_permanent_refusal_is_reported_in_slurms_words(tmp_path: Path, words: str) -> None:
    (found,) = messages(tmp_path, sbatch=f"allocation failure: {words}", slurm_account="mine")
    assert found == (
        "cluster: Slurm refuses jobs with partition `gpu`, account `mine`, qos `(default)`: "
        f"{words}; correct `account`, `gpu.partition` or `gpu.qos` in site.yaml"
    )


@pytest.mark.parametrize(
    "words",
    [
        "allocation failure: Requested node configuration is not available",
        "allocation failure: Unable to contact slurm controller (connect failure)",
    ],
)
def test_a_temporary_refusal_is_left_for_the_submission(tmp_path: Path, words: str) -> None:
    assert messages(tmp_path, sbatch=words) == []
