"""The three fine-tunings as a person would type them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from caco.rows.loss import Loss
from caco.rows.table import read_rows

_ROOT = Path(__file__).resolve().parents[2]

STEPS = 45  # of `spec` over the nine Code CoTs: three an epoch


def spec(**training) -> dict:
    keys = {"epochs": 15, "learning_rate": 2e-3, "global_batch": 4, "micro_batch": 2}
    return {"model": "tiny", "training": {**keys, "cutoff": 128, "precision": "fp32", **training}}


def start(script: str, made: Path, out: Path, spec: dict, *flags) -> subprocess.Popen:
    """Starts a script that writes into `out`."""
    settings = _ROOT / "config" / "deepspeed" / f"zero{spec['training'].get('zero_stage', 2)}.json"
    named = {
        "--model": made / "base.json",
        "--deepspeed": settings,
        "--checkpoint": out / "manifest.json",
        "--loss": out / "loss.parquet",
        "--provenance": out / "record.json",
        "--spec": json.dumps(spec),
    }
    words = [str(word) for pair in named.items() for word in pair]
    return subprocess.Popen(
        [sys.executable, str(_ROOT / "scripts" / f"{script}.py"), *words, *map(str, flags)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=made,
        env=dict(os.environ),
    )


def run(script: str, made: Path, out: Path, spec: dict, *flags, code: int = 0) -> str:
    """Runs a script to its end and returns what it said."""
    process = start(script, made, out, spec, *flags)
    try:
        _, said = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == code, said
    return said


def curve(out: Path) -> list[tuple]:
    """Returns step, loss, gradient norm and tokens of each step in `out`."""
    return [(r.step, r.loss, r.grad_norm, r.tokens) for r in read_rows(out / "loss.parquet", Loss)]
