"""All errors are reported together; a Slurm that does not answer refuses nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.config.config import Config, check_config, read_config
from caco.preflight.checks import preflight_errors

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "results/embedded/models/smollm2/manifest.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with Slurm's commands, which print nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "config").symlink_to(ROOT / "config")
    for command in ("sinfo", "scontrol", "sbatch"):
        answer(tmp_path, command, "")
    return tmp_path


def answer(folder: Path, command: str, body: str) -> None:
    (folder / command).write_text(f"#!/bin/sh\n{body}\n")
    (folder / command).chmod(0o755)


def config(**sampled_by: Any) -> Config:
    raw = read_config(ROOT / "config.yaml")
    if sampled_by:
        raw["sample"]["engine"] = sampled_by
    return check_config(raw, "config.yaml")


def test_a_missing_partition_and_an_incomplete_model_are_reported_together(folder: Path) -> None:
    answer(folder, "sinfo", f"cat {ROOT}/tests/preflight/sinfo.txt")
    Path(MANIFEST).parent.mkdir(parents=True)
    Path(MANIFEST).write_text("torn")
    codegen = job("codegen", reads=(MANIFEST,), save_every_s=1800, slurm_partition="gpux")
    found = [str(error) for error in preflight_errors([codegen], config(), slurm=True)]
    assert found[0].startswith(f"{MANIFEST}: not a model manifest")
    assert found[1].startswith("site.yaml: `cpu.partition` is `gpux`")
    assert len(preflight_errors([codegen], config(), slurm=False)) == 1


@pytest.mark.parametrize("body", ["echo down >&2; exit 1", "echo what"])
def test_a_cluster_that_does_not_answer_is_not_checked(
    folder: Path, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(folder, "sinfo", body)
    assert preflight_errors([job("verify", slurm_partition="x")], config(), slurm=True) == []
    assert "cluster notice: sinfo " in capsys.readouterr().err


@pytest.fixture
def sampling(folder: Path) -> Any:
    """A job with one GPU, which the cluster has."""
    answer(folder, "sinfo", f"cat {ROOT}/tests/preflight/sinfo.txt")
    return job("sample", slurm_partition="gpu", gres="gpu:h100:1")


def test_an_engine_that_needs_more_gpus_than_its_job_requests_is_an_error(sampling: Any) -> None:
    shared = config(kind="vllm", tensor_parallel=4)
    (error,) = preflight_errors([sampling], shared, slurm=True)
    assert "set `sample: {gpus: 4}` under `rules` in site.yaml" in str(error)
    assert preflight_errors([sampling], shared, slurm=False) == []


def test_idle_gpus_are_a_notice(sampling: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight_errors([sampling], config(kind="server"), slurm=True) == []
    assert "notice: the jobs of sample request 1 GPUs" in capsys.readouterr().err


def test_a_run_that_submits_nothing_does_not_query_slurm(folder: Path) -> None:
    answer(folder, "sinfo", f"touch {folder}/called")
    jobs = [job("seeds", local=True, wildcards=("arithmetic",))]
    assert preflight_errors(jobs, config(), slurm=True) == []
    assert not (folder / "called").exists()
