"""A record names its machine and environment; the list of packages is kept once a run."""

import hashlib
import json
import multiprocessing
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from caco.runtime.chain import load_record, open_inputs
from caco.runtime.machine import environment
from caco.runtime.provenance import record


def write(run: Path, identity: str) -> Path:
    path = run / "provenance/judge" / f"{identity}.json"
    record(
        path, rule="judge", identity=identity, spec="{}", code="c", inputs=open_inputs(path, []),
        outputs=[], counts=None, seed=None, started=0.0,
    )  # fmt: skip
    return path


def test_the_packages_of_an_environment_are_listed_once_a_run(tmp_path: Path) -> None:
    first, second = (load_record(write(tmp_path, name))["environment"] for name in ("1", "2"))
    (listed,) = (tmp_path / "environments").iterdir()
    assert first["packages"] == second["packages"] == listed.stem
    assert hashlib.sha256(listed.read_bytes()).hexdigest() == listed.stem
    assert f"pyarrow=={version('pyarrow')}" in listed.read_text().splitlines()


def list_packages(run: Path, barrier: threading.Barrier) -> None:
    barrier.wait()
    environment(run)


def test_jobs_that_list_the_packages_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path,
) -> None:
    fork = multiprocessing.get_context("fork")
    barrier: Any = fork.Barrier(12)
    jobs = [fork.Process(target=list_packages, args=(tmp_path, barrier)) for _ in range(12)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 12
    (listed,) = (tmp_path / "environments").iterdir()
    assert hashlib.sha256(listed.read_bytes()).hexdigest() == listed.stem


def test_a_record_names_machine_and_variables_without_secrets_and_is_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("VLLM_API_KEY", "secret")
    monkeypatch.setenv("VLLM_CACHE_ROOT", "/of/this/machine")
    monkeypatch.setenv("PYTORCH_ALLOC_CONF", "x" * 5000)
    path = write(tmp_path, "1")
    values = load_record(path)
    assert values["machine"].keys() == {"os", "libc", "architecture", "cpu", "cores"}
    assert values["machine"]["cores"] >= 1 and values["machine"]["libc"].startswith("glibc ")
    variables = values["environment"]["variables"]
    assert variables["OMP_NUM_THREADS"] == "2" and "secret" not in json.dumps(values)
    assert "VLLM_CACHE_ROOT" not in variables
    assert len(variables["PYTORCH_ALLOC_CONF"]) == 200
    assert path.stat().st_size <= 4096
