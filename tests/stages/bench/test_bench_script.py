"""scripts/bench.py over a real (tiny) checkpoint."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.rows.graded import Graded
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("prompt", ["alpaca", "chat"])
def test_every_problem_is_answered_and_counted(tmp_path, prompt):
    make_tiny_model(tmp_path / "model")
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    seeds = [Seed(f"p{i}", "easy", "math", f"{i} + 1?", None, None, str(i + 1), "MIT")
             for i in range(5)]  # fmt: skip
    write_rows(tmp_path / "problems.parquet", Seed, seeds)
    spec = {
        "engine": {"kind": "transformers", "dtype": "float32", "batch": 4},
        "sampling": {"temperature": 0.0, "max_new_tokens": 8},
        "grader_timeout_s": 20.0,
        "prompt": prompt,
    }
    done = subprocess.run(
        [sys.executable, "scripts/bench.py", "--model", tmp_path / "manifest.json",
         "--name", "base", "--benchmark", "easy", "--problems", tmp_path / "problems.parquet",
         "--graded", tmp_path / "graded.parquet", "--spec", json.dumps(spec),
         "--identity", "base-easy", "--provenance", tmp_path / "record.json"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(tmp_path / "graded.parquet", Graded))
    assert [row.problem_id for row in rows] == [f"p{i}" for i in range(5)]
    counts = json.loads((tmp_path / "record.json").read_text())["rows"]
    assert counts["accepted"] == sum(row.verdict == "correct" for row in rows)
    assert counts["in"] == 5
