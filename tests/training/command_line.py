"""Runs the three fine-tuning scripts from the command line."""

import io
import json
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from caco.rows.loss import Loss
from caco.rows.table import read_rows

_ROOT = Path(__file__).resolve().parents[2]

STEPS = 27  # of `spec` over the nine Code CoTs: three per epoch


def spec(**training) -> dict:
    keys = {"epochs": 9, "learning_rate": 3e-3, "global_batch": 4, "cutoff": 128}
    # Code CoTs have 42 tokens here: a step of four rows has two micro-batches on one rank.
    others = {"micro_tokens": 128, "precision": "fp32"}
    return {"model": "tiny", "training": {**keys, **others, **training}}


def _command(script: str, inputs: Path, out: Path, spec: dict, *flags) -> list[str]:
    """Returns the script that writes into `out`, and its arguments."""
    settings = _ROOT / "config" / "deepspeed" / f"zero{spec['training'].get('zero_stage', 2)}.json"
    named = {
        "--model": inputs / "base.json",
        "--deepspeed": settings,
        "--checkpoint": out / "manifest.json",
        "--loss": out / "loss.parquet",
        "--provenance": out / "record.json",
        "--spec": json.dumps(spec),
    }
    arguments = [str(part) for pair in named.items() for part in pair]
    return [str(_ROOT / "scripts" / f"{script}.py"), *arguments, *map(str, flags)]


def start(script: str, inputs: Path, out: Path, spec: dict, *flags) -> subprocess.Popen:
    """Starts a script that writes into `out`."""
    return subprocess.Popen(
        [sys.executable, *_command(script, inputs, out, spec, *flags)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=inputs,
        env=dict(os.environ),
    )


def refused(script: str, inputs: Path, out: Path, spec: dict, *flags) -> str:
    """Returns the stderr of a script that ends with an error before any rank starts.

    It runs in this process, which has loaded the libraries: their imports take seconds.
    """
    path, *arguments = _command(script, inputs, out, spec, *flags)
    stderr = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(stderr):
        patch.setattr(sys, "argv", [path, *arguments])
        patch.chdir(inputs)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(path, run_name="__main__")
    assert ended.value.code == 1, stderr.getvalue()
    return stderr.getvalue()


def run(script: str, inputs: Path, out: Path, spec: dict, *flags) -> str:
    """Runs a script and returns its stderr."""
    process = start(script, inputs, out, spec, *flags)
    try:
        _, stderr = process.communicate(timeout=900)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    return stderr


def curve(out: Path) -> list[tuple]:
    """Returns step, loss, gradient norm and tokens of each step in `out`."""
    return [(r.step, r.loss, r.grad_norm, r.tokens) for r in read_rows(out / "loss.parquet", Loss)]
