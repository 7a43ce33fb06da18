"""The resources that a job requested, and those that it used."""

import subprocess
import sys
from pathlib import Path

import pytest

from caco.runtime.provenance import cgroup_peak, requested_resources, used_resources


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a Slurm job; returns the file with the output of its squeue."""
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,4,5")
    (tmp_path / "squeue").write_text(f'#!/bin/sh\ncat "{tmp_path}/printed"\n')
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "printed"


def test_without_slurm_nothing_is_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert requested_resources() is None


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [("4:00:00", 14_400), ("1-00:00:30", 86_430), ("5:00", 300), ("UNLIMITED", None)],
)
def test_requested_resources_are_those_that_slurm_allocated(
    slurm: Path, limit: str, seconds: int | None
) -> None:
    slurm.write_text(f"{limit}          cpu=16,mem=128000M,node=2,billing=16      \n")
    wanted = {"nodes": 2, "cores": 8, "mem_mb": 64_000, "gpus": 4}
    assert requested_resources() == wanted | ({} if seconds is None else {"wall_s": seconds})


def test_memory_has_units(slurm: Path) -> None:
    slurm.write_text("5:00  cpu=1,mem=62.50G,node=1,billing=1,gres/gpu=4\n")
    found = requested_resources()
    assert found is not None and found["mem_mb"] == 64_000


def test_what_slurm_does_not_report_is_left_out(slurm: Path) -> None:
    slurm.write_text("slurm_load_jobs error: Invalid job id specified\n")
    assert requested_resources() == {"gpus": 4}


def test_the_resources_of_children_count() -> None:
    before = used_resources()
    work = "x = bytearray(300 << 20)\nimport time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    after = used_resources()
    assert after["cpu_s"] - before["cpu_s"] >= 0.5
    assert after["process_mb"] >= 300


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/system.slice/slurmstepd.scope/job_42/step_0/user/task_0",
         "system.slice/slurmstepd.scope/job_42/memory.peak"),
        ("4:memory:/slurm/uid_0/job_42/step_0/task_0",
         "memory/slurm/uid_0/job_42/memory.max_usage_in_bytes"),
    ],
)  # fmt: skip
def test_the_cgroup_of_the_slurm_job_has_its_peak_memory(
    tmp_path: Path, line: str, file: str
) -> None:
    own = tmp_path / "cgroup"
    own.write_text(f"1:cpu:/slurm/uid_0/job_42\n{line}\n")
    assert cgroup_peak(own, tmp_path) is None
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("1234567\n")
    assert cgroup_peak(own, tmp_path) == 1_234_567
    own.write_text("0::/user.slice/session-1.scope\n")
    assert cgroup_peak(own, tmp_path) is None
