"""Runs the three fine-tuning scripts from the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

from caco.rows.loss import Loss
from caco.rows.table import read_rows

_ROOT = Path(__file__).resolve().parents[2]

STEPS = 27  # of `spec` over the nine Code CoTs: three per epoch


def spec(**training) -> dict:
    keys = {"epochs": 9, "learning_rate": 3e-3, "global_batch": 4, "cutoff": 128}
    # Code CoTs have 42 tokens here: a step of four rows has two micro-batches on one rank.
    others = {"micro_tokens": 128, "precision": "fp32"}
    return {"model": "tiny", "training": {**keys, **others, **training}}


def start(script: str, inputs: Path, out: Path, spec: dict, *flags) -> subprocess.Popen:
    """Starts a script that writes into `out`."""
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
    return subprocess.Popen(
        [sys.executable, str(_ROOT / "scripts" / f"{script}.py"), *arguments, *map(str, flags)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=inputs,
        env=dict(os.environ),
    )


def run(script: str, inputs: Path, out: Path, spec: dict, *flags, code: int = 0) -> str:
    """Runs a script and returns its stderr."""
    process = start(script, inputs, out, spec, *flags)
    try:
        _, stderr = process.communicate(timeout=900)
    finally:
        process.kill()
    assert process.returncode == code, stderr
    return stderr


def curve(out: Path) -> list[tuple]:
    """Returns step, loss, gradient norm and tokens of each step in `out`."""
    return [(r.step, r.loss, r.grad_norm, r.tokens) for r in read_rows(out / "loss.parquet", Loss)]
