"""Where jobs keep what vLLM compiles: one folder for all jobs of a checkout."""

import os
from pathlib import Path

import pytest

from caco.runtime import engine_start
from caco.runtime.engine_start import share_compiled_code
from caco.runtime.job import Job


def _folder() -> Path:
    share_compiled_code()
    return Path(os.environ.pop("VLLM_CACHE_ROOT"))


def test_jobs_share_a_folder_with_those_on_the_same_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CACHE_ROOT", "/own")
    share_compiled_code()
    assert os.environ["VLLM_CACHE_ROOT"] == "/own"
    monkeypatch.delenv("VLLM_CACHE_ROOT")
    monkeypatch.setenv("CACO_CACHE", "shared")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine_start, "cpu_model", lambda: "A")
    own = _folder()
    assert own.parent == tmp_path / "shared" / "vllm"
    assert _folder() == own
    monkeypatch.setattr(engine_start, "cpu_model", lambda: "B")
    assert _folder() != own


def test_every_job_has_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CACHE_ROOT", "")
    monkeypatch.delenv("VLLM_CACHE_ROOT")
    Job(None, rule="sample").parse(["--spec", "{}", "--provenance", str(tmp_path / "record.json")])
    assert "vllm" in Path(os.environ["VLLM_CACHE_ROOT"]).parts
