"""`make gpu-check`: the exit code without a GPU, and whose fault a failed check is."""

import importlib
import json
import os
import subprocess
import sys
from argparse import Namespace
from concurrent.futures import Future
from pathlib import Path

import pytest

from caco.rows.loss import Loss
from caco.rows.table import write_rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checks(monkeypatch, tmp_path):
    """The script as a module, and its checks in a work folder."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT / "scripts")
    gpu_check = importlib.import_module("gpu_check")
    return gpu_check, gpu_check._Checks(Namespace(device="cpu", prompts=20), tmp_path)


def done(outcome):
    future: Future = Future()
    future.set_result(outcome)
    return future


def test_without_a_gpu_one_sentence_and_exit_code_2():
    without = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    ran = subprocess.run(
        [sys.executable, "scripts/gpu_check.py"], cwd=ROOT, env=without, capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert line.startswith("cluster error: nvidia-smi shows no GPU on this machine")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('loading'); print('16 completions')", ("16 completions", None)),
        ("exit('noise\\ncluster error: no driver; install one')",
         ("no driver; install one", "cluster")),
        ("exit('input error: no template')", ("no template", "input")),
        ("raise KeyError('x')", ("KeyError: 'x'", "caco")),
    ],
)  # fmt: skip
def test_the_outcome_of_a_check_names_the_party(checks, code, expected):
    module, _ = checks
    assert tuple(module._finished([sys.executable, "-c", code], on_cpu=True)) == expected


def test_losses_that_differ_from_those_of_the_cpu_fail(checks, tmp_path):
    module, machine = checks

    def losses(name, *values):
        (tmp_path / name).mkdir(exist_ok=True)
        rows = [Loss(step, 1.0, value, 1e-5, None, 100) for step, value in enumerate(values, 1)]
        write_rows(tmp_path / name / "loss.parquet", Loss, rows)

    succeeded = done(module._Outcome("trained"))
    losses("fp32", 2.0, 1.5)
    assert machine._equal_losses(succeeded).owner == "caco"  # the GPU has none
    losses("bf16", 2.01, 1.49)
    assert machine._equal_losses(succeeded) == ("0.67% apart at most, 1% allowed", None)
    losses("bf16", 2.01, 1.4)
    assert machine._equal_losses(succeeded).owner == "caco"
    failed = machine._equal_losses(done(module._Outcome("no memory", "cluster")))
    assert failed == ("no losses of the CPU: no memory", "cluster")


def test_completions_that_differ_from_those_of_the_cpu_fail(checks, tmp_path, monkeypatch):
    module, machine = checks
    monkeypatch.setattr(machine, "_part", lambda *names: module._Outcome("20 completions"))
    texts = {str(n): ["a text", 3] for n in range(20)}
    (tmp_path / "reference.json").write_text(json.dumps(texts))
    (tmp_path / "greedy.json").write_text(json.dumps(texts | {"0": ["another", 1]}))
    assert machine._equal_texts(done(module._Outcome(""))).owner is None
    (tmp_path / "greedy.json").write_text(json.dumps(texts | {"0": ["a", 1], "1": ["b", 1]}))
    outcome = machine._equal_texts(done(module._Outcome("")))
    assert outcome == ("18 of 20 greedy completions are equal, 95% needed", "caco")
