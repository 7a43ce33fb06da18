"""All that stands in a run's way is said together; who cannot be asked has refused nothing."""

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
    """A working directory with Slurm's commands, which say nothing."""
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


def test_the_cluster_and_a_broken_model_are_said_together(folder: Path) -> None:
    answer(folder, "sinfo", f"cat {ROOT}/tests/preflight/sinfo.txt")
    Path(MANIFEST).parent.mkdir(parents=True)
    Path(MANIFEST).write_text("torn")
    asked = job("codegen", reads=(MANIFEST,), save_every_s=1800, slurm_partition="gpux")
    found = [str(error) for error in preflight_errors([asked], config(), slurm=True)]
    assert found[0].startswith(f"{MANIFEST}: not a model manifest")
    assert found[1].startswith("site.yaml: `cpu.partition` is `gpux`")
    assert len(preflight_errors([asked], config(), slurm=False)) == 1


@pytest.mark.parametrize("body", ["echo down >&2; exit 1", "echo what"])
def test_a_cluster_that_does_not_answer_is_not_compared(
    folder: Path, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(folder, "sinfo", body)
    assert preflight_errors([job("verify", slurm_partition="x")], config(), slurm=True) == []
    assert "cluster notice: sinfo " in capsys.readouterr().err


@pytest.fixture
def sampling(folder: Path) -> Any:
    """A job that fits the cluster, with one GPU."""
    answer(folder, "sinfo", f"cat {ROOT}/tests/preflight/sinfo.txt")
    return job("sample", slurm_partition="gpu", gres="gpu:h100:1")


def test_an_engine_that_shares_more_gpus_than_its_job_has_is_said(sampling: Any) -> None:
    shared = config(kind="vllm", tensor_parallel=4)
    (error,) = preflight_errors([sampling], shared, slurm=True)
    assert "set `sample: {gpus: 4}` under `rules` in site.yaml" in str(error)
    assert preflight_errors([sampling], shared, slurm=False) == []


def test_gpus_that_nobody_uses_are_told(sampling: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight_errors([sampling], config(kind="server"), slurm=True) == []
    assert "notice: the jobs of sample ask for 1 GPUs" in capsys.readouterr().err


def test_a_run_without_a_job_for_the_cluster_asks_it_nothing(folder: Path) -> None:
    answer(folder, "sinfo", f"touch {folder}/asked")
    assert preflight_errors([job("seeds", local=True)], config(), slurm=True) == []
    assert not (folder / "asked").exists()
