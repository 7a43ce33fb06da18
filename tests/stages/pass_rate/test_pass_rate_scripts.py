"""scripts/rollout.py and pass_rate.py with a real (tiny) checkpoint."""

import json
from pathlib import Path

from tests.forked import run_script
from tests.stages.reverse.reverse_rows import solution
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.rows.answered import Answered
from caco.rows.passes import Passes
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows

ROOT = Path(__file__).resolve().parents[3]
ANSWERING = {
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 4},
    "sampling": {"temperature": 0.7, "max_new_tokens": 8},
    "samples": 3,
    "prompt": "alpaca",
}
GRADING = {"tolerance": 0.0, "grader_timeout_s": 20.0}


def run(script, folder, spec, *args):
    words = [folder / word if "." in word else word for word in args]
    done = run_script(
        [ROOT / f"scripts/{script}.py", *words, "--spec", json.dumps(spec),
         "--identity", "00000", "--provenance", folder / f"{script}.json"],
        folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((folder / f"{script}.json").read_text())


def make(folder, rows):
    """Makes a checkpoint and the rows of a shard; runs both scripts and returns their records."""
    make_tiny_model(folder / "model")
    write_manifest(folder / "manifest.json", folder / "model")
    write_rows(folder / "checked.parquet", Solution, rows)
    answering = run("rollout", folder, ANSWERING, "--model", "manifest.json",
                    "--checked", "checked.parquet", "--rollouts", "rollouts.parquet")  # fmt: skip
    grading = run("pass_rate", folder, GRADING, "--rollouts", "rollouts.parquet",
                  "--pass-rates", "pass_rates.parquet")  # fmt: skip
    return answering, grading


def test_every_question_of_a_shard_has_a_pass_rate(tmp_path):
    rows = [solution(0), solution(1), solution(1, solution_variant=1), solution(2)]
    answering, grading = make(tmp_path, rows)
    answers = list(read_rows(tmp_path / "rollouts.parquet", Answered))
    assert [(a.problem_id, a.sample) for a in answers] == [
        (f"q{n}", sample) for n in range(3) for sample in range(3)
    ]
    assert len({a.completion for a in answers}) > 1
    digest = json.loads((tmp_path / "manifest.json").read_text())["digest"]
    rated = list(read_rows(tmp_path / "pass_rates.parquet", Passes))
    assert [(r.question_id, r.model, r.answers) for r in rated] == [
        (f"q{n}", digest, 3) for n in range(3)
    ]
    assert answering["rows"] == {"in": 9, "accepted": 9, "rejected": {}}
    assert grading["rows"] == {"in": 3, "accepted": 3, "rejected": {}}
    assert not list(tmp_path.glob("*.journal"))
