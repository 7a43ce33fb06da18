"""The local profile: where the machine has GPUs, jobs that use them run one at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each job writes the number of jobs of its rule that run at the same time.
SNAKEFILE = """
rule all:
    input: expand("{rule}.{shard}", rule=["sample", "verify"], shard=range(3))

rule sample:
    output: "sample.{shard}"
    shell: "touch sampling{wildcards.shard}; sleep 2; set -- sampling*; echo $# > {output}; rm sampling{wildcards.shard}"

rule verify:
    output: "verify.{shard}"
    shell: "touch verifying{wildcards.shard}; sleep 2; set -- verifying*; echo $# > {output}"
"""  # noqa: E501


@pytest.mark.parametrize(("cards", "alone"), [("0\\n1\\n", True), ("", False)])
def test_one_job_at_a_time_uses_the_gpus(tmp_path: Path, cards: str, alone: bool) -> None:
    for name in ("src", "profiles"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{cards}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", "8"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    most = {
        rule: max(int(file.read_text()) for file in tmp_path.glob(f"{rule}.*"))
        for rule in ("sample", "verify")
    }
    assert (most["sample"] == 1) is alone
    assert most["verify"] > 1
