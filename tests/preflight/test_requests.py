"""What jobs would request from Slurm, before anything is submitted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.preflight.requests import requests_text, resource_requests

ROOT = Path(__file__).parents[2]


def test_a_line_a_rule_and_the_total() -> None:
    gpu: dict[str, Any] = {
        "slurm_partition": "gpu",
        "gres": "gpu:h100:8",
        "nodes": 2,
        "runtime": 90,
    }
    jobs = [
        job("verify", threads=8, runtime=30, mem_mb=16000),
        job("student", threads=16, **gpu),
        job("model", local=True),
    ]
    text = requests_text(resource_requests(jobs), {"model": 1, "student": 1, "verify": 1_000})
    assert text.splitlines()[1:] == [
        "student: 1 job, each partition gpu, 2 nodes, 8 h100 GPUs, 16 cores, 1.5 h; 24.0 GPU-hours",
        "verify: 1,000 jobs, each the default partition, 8 cores, 16,000 MB, 0.5 h",
        "requested at most: 24.0 GPU-hours, 4,048.0 core-hours",
    ]


def test_the_script_names_what_the_profile_and_the_site_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Snakefile", "rules", "scripts", "src", "profiles", "envs", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    (tmp_path / "slurm").symlink_to("profiles/slurm")
    (tmp_path / "site.yaml").write_text("gpu: {partition: fast}\nrules: {sample: {gpus: 4}}\n")
    for name in ("sbatch", "squeue"):  # which would be a fault if they were called
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text("#!/bin/sh\nexit 9\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    done = subprocess.run(
        [sys.executable, "scripts/explain.py", "--profile", "slurm"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "nothing exists yet: all 35 jobs would run"
    (sample,) = [line for line in lines if line.startswith("sample: ")]
    assert sample.startswith("sample: 2 jobs, each partition fast, 4 GPUs, ")
    assert sample.endswith(", 64,000 MB, 4 h; 32.0 GPU-hours")
    assert not any(line.startswith(("model:", "seeds:")) for line in lines)  # not submitted
    assert not (tmp_path / "results").exists()
