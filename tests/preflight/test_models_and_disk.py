"""Incomplete models and insufficient disk space are reported before a run starts."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.config.config import Config, check_config, read_config
from caco.config.plan import Assumptions, read_assumptions
from caco.models.manifest import write_manifest
from caco.preflight.checks import preflight_errors
from caco.preflight.disk import incomplete_models, insufficient_space, planned_gb
from caco.preflight.templates import missing_templates

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "results/embedded/models/smollm2/manifest.json"
BILLION = 10**9


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A staged model, in a folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    folder = Path(MANIFEST).parent / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"0" * 100)
    write_manifest(Path(MANIFEST), folder)
    return folder


def config(**changed: Any) -> Config:
    return check_config(read_config(ROOT / "config.yaml") | changed, "config.yaml")


def assumed() -> Assumptions:
    return read_assumptions(ROOT / "config/plan/a100.yaml")


def training(rule: str, save_every_s: int = 1800) -> Any:
    return job(rule, reads=(MANIFEST,), save_every_s=save_every_s)


def test_a_complete_model_has_no_error(model: Path) -> None:
    assert incomplete_models([training("codegen"), training("student")]) == []


def test_a_truncated_file_of_a_model_is_reported_once_with_what_to_delete(model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"0" * 99)
    (error,) = incomplete_models([training("codegen"), training("student")])
    assert str(error) == (
        f"{model / 'model.safetensors'}: missing, or its size differs from the one in {MANIFEST}; "
        f"rule `model` for `smollm2` made it, and makes it again if you type `rm {MANIFEST}` and "
        "then your command again"
    )


def test_a_model_that_this_run_makes_or_does_not_read_may_be_incomplete(model: Path) -> None:
    (model / "model.safetensors").unlink()
    assert incomplete_models([job("model", writes=(MANIFEST,)), training("codegen")]) == []
    assert incomplete_models([job("report", reads=("results/embedded/funnel.json",))]) == []


def without_template(folder: Path, key: str) -> str:
    return (
        f"{folder}: the model has no chat template, in which its prompts are written; name a model "
        f"that has one in `{key}`"
    )


def test_a_fetched_model_without_the_template_of_its_prompts_is_reported(model: Path) -> None:
    (model / "tokenizer_config.json").write_text("{}")
    write_manifest(Path(MANIFEST), model)
    (error,) = missing_templates([training("codegen"), training("student")], config())
    assert str(error) == without_template(model, "codegen.model")
    # It is fetched again, or no job of the run reads it.
    assert missing_templates([job("model", writes=(MANIFEST,))], config()) == []
    assert missing_templates([job("report")], config()) == []
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert missing_templates([training("codegen")], config()) == []


def test_a_local_model_without_a_template_is_reported_before_it_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    local = config(models={"smollm2": {"kind": "local", "path": str(tmp_path)}})
    (error,) = missing_templates([job("model", writes=(MANIFEST,))], local)
    assert str(error) == without_template(tmp_path, "codegen.model")
    assert missing_templates([job("report")], local) == []


def test_the_checks_on_the_submit_host_include_the_templates(model: Path) -> None:
    (model / "tokenizer_config.json").write_text("{}")
    write_manifest(Path(MANIFEST), model)
    shutil.copytree(ROOT / "config", "config")
    errors = preflight_errors([training("codegen")], config(), slurm=False)
    assert without_template(model, "codegen.model") in [str(error) for error in errors]


def of_size(gigabytes: float) -> None:
    """Makes the manifest that of a model of this size."""
    path = Path(MANIFEST)
    raw = json.loads(path.read_text())
    raw["files"]["model.safetensors"]["bytes"] = int(gigabytes * BILLION)
    path.write_text(json.dumps(raw))


def test_a_training_writes_its_model_and_if_long_two_checkpoints(
    model: Path,
) -> None:
    of_size(15.0)  # 7.5 billion parameters in bf16
    waiting = [training("codegen"), training("writer"), training("student")]
    fp32 = planned_gb(waiting, config(), assumed())
    assert fp32["codegen"] == fp32["student"] == pytest.approx(30.0)
    assert (
        fp32["checkpoints of running trainings"] == 0.0
    )  # ends before the first checkpoint is due
    often = [training(rule, save_every_s=0) for rule in ("codegen", "writer", "student")]
    kept = planned_gb(often, config(), assumed())["checkpoints of running trainings"]
    # Two of codegen and two of the writer: weights and Adam's moments in fp32.
    assert kept == pytest.approx(2 * 2 * 7.5 * 12)
    raw = read_config(ROOT / "config.yaml")
    for rule in ("codegen", "writer"):
        raw[rule]["training"] |= {"precision": "bf16", "zero_stage": 2}
    raw["writer"]["training"]["optimizer_precision"] = "bf16"
    mixed = planned_gb(often, check_config(raw, ""), assumed())
    assert mixed["checkpoints of running trainings"] == pytest.approx(2 * 7.5 * (14 + 8))


def test_rows_count_for_the_pending_shards() -> None:
    paper = check_config(read_config(ROOT / "config/paper.yaml"), "config/paper.yaml")
    every = planned_gb([job("sample")] * paper.shards, paper, assumed())["sample"]
    assert every == pytest.approx(5.3e6 * 250 * 1.2 / 1e9, rel=0.01)
    half = planned_gb([job("sample")] * (paper.shards // 2), paper, assumed())["sample"]
    assert half == pytest.approx(every / 2, rel=0.01)
    assert "verify" not in planned_gb([job("sample")], paper, assumed())


def test_insufficient_space_is_one_message_with_both_figures(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_size(15.0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50 * BILLION))
    assert insufficient_space([training("codegen")], config(), assumed()) == []
    (error,) = insufficient_space([training("codegen"), training("student")], config(), assumed())
    assert str(error) == (
        f"{Path('results/embedded').resolve()}: 50.0 GB are free, but this run writes about "
        "60.0 GB (codegen 30.0, student 30.0); free some space, or make `results` a link to a "
        "folder on a larger file system"
    )


def test_before_the_first_run_the_nearest_existing_folder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    (error,) = insufficient_space([job("sample")] * 4, config(), assumed())
    assert str(error).startswith(f"{tmp_path}: 0.0 GB are free")
