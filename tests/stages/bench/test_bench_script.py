"""scripts/answer.py and grade_answers.py with a real (tiny) checkpoint."""

import json
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.rows.answered import Answered
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
        "samples": 1,
        "prompt": prompt,
    }
    run("answer", tmp_path, spec, "--model", "manifest.json", "--name", "base", "--benchmark",
        "easy", "--problems", "problems.parquet", "--answers", "answers.parquet")  # fmt: skip
    answers = list(read_rows(tmp_path / "answers.parquet", Answered))
    assert [row.problem_id for row in answers] == [f"p{i}" for i in range(5)]
    grading = {"tolerance": 0.0, "grader_timeout_s": 20.0}
    run("grade_answers", tmp_path, grading, "--answers", "answers.parquet",
        "--graded", "graded.parquet")  # fmt: skip
    rows = list(read_rows(tmp_path / "graded.parquet", Graded))
    assert [row.completion for row in rows] == [row.completion for row in answers]
    counts = json.loads((tmp_path / "record.json").read_text())["rows"]
    assert counts["accepted"] == sum(row.verdict == "correct" for row in rows)
    assert counts["in"] == 5


def run(script, folder, spec, *args):
    words = [folder / word if "." in word else word for word in args]
    done = run_script(
        [ROOT / f"scripts/{script}.py", *words, "--spec", json.dumps(spec),
         "--identity", "base-easy", "--provenance", folder / "record.json"],
        folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
