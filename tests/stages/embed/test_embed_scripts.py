"""scripts/embed.py and embed_problems.py with a real (tiny) checkpoint."""

import json
import subprocess
import sys
from pathlib import Path

from tests.stages.reverse.reverse_rows import solution
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.rows.embedding import Embedding
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows

ROOT = Path(__file__).resolve().parents[3]
SPEC = {
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 4},
    "pooling": "mean", "max_tokens": 12, "prefix": "",
}  # fmt: skip


def run(script, folder, read, written, spec):
    done = subprocess.run(
        [sys.executable, ROOT / f"scripts/{script}.py", "--model", folder / "manifest.json",
         *read, "--embeddings", folder / written, "--spec", json.dumps(spec),
         "--provenance", folder / f"{script}.json"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(folder / written, Embedding))
    record = json.loads((folder / f"{script}.json").read_text())
    return rows, record["rows"], done.stderr


def test_questions_and_problems_with_one_text_have_one_vector(tmp_path):
    make_tiny_model(tmp_path / "model")
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    checked = [solution(0), solution(1), solution(1, solution_variant=1), solution(2, question="")]
    write_rows(tmp_path / "checked.parquet", Solution, checked)
    rows, counts, log = run(
        "embed", tmp_path, ["--checked", tmp_path / "checked.parquet"], "a.parquet", SPEC
    )
    assert [row.text_id for row in rows] == ["q0", "q1", "q2"]  # a question has one vector
    assert counts == {"in": 3, "accepted": 2, "rejected": {"no_vector": 1}}
    assert [row.vector is None for row in rows] == [False, False, True]
    assert [(row.tokens, row.truncated) for row in rows[:2]] == [(12, True)] * 2
    assert "2 of 3 texts are longer than the limit" in log
    assert not list(tmp_path.glob("*.journal"))

    problem = Seed("s", "b", "math", checked[1].question, None, None, "1", "MIT")
    write_rows(tmp_path / "problems.parquet", Seed, [problem])
    read = ["--problems", tmp_path / "problems.parquet"]
    (row,), counts, _ = run("embed_problems", tmp_path, read, "b.parquet", SPEC)
    assert (row.text_id, row.model, row.vector) == ("s", rows[1].model, rows[1].vector)
    assert counts == {"in": 1, "accepted": 1, "rejected": {}}
    (other,), _, _ = run("embed_problems", tmp_path, read, "c.parquet", SPEC | {"prefix": "a: "})
    assert other.vector != row.vector
    write_rows(tmp_path / "none.parquet", Solution, [])
    rows, _, _ = run("embed", tmp_path, ["--checked", tmp_path / "none.parquet"], "d.parquet", SPEC)
    assert rows == []
