"""scripts/embed.py with a real (tiny) checkpoint."""

import json
from pathlib import Path

from tests.fake_engine import FakeEmbedder
from tests.forked import run_script
from tests.stages.reverse.reverse_rows import solution
from tests.tiny_model import make_tiny_model

from caco.engines.protocol import EmbeddingModel
from caco.models.manifest import write_manifest
from caco.rows.embedding import Embedding
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.embed import embed_texts

ROOT = Path(__file__).resolve().parents[3]
SPEC = {
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 4},
    "pooling": "mean", "max_tokens": 12, "prefix": "",
}  # fmt: skip


def run(folder, read, spec):
    done = run_script(
        [ROOT / "scripts/embed.py", "--rule", "embed", "--model",
         folder / "manifest.json", "--texts", folder / read, "--embeddings",
         folder / "vectors.parquet", "--spec", json.dumps(spec), "--provenance",
         folder / "embed.json"],
        folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(folder / "vectors.parquet", Embedding))
    record = json.loads((folder / "embed.json").read_text())
    assert record["rule"] == "embed"
    return rows, record["rows"], done.stderr


def test_a_question_of_several_solutions_has_one_vector(tmp_path):
    make_tiny_model(tmp_path / "model")
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    checked = [solution(0), solution(1), solution(1, solution_variant=1), solution(2, question="")]
    write_rows(tmp_path / "checked.parquet", Solution, checked)
    rows, counts, log = run(tmp_path, "checked.parquet", SPEC)
    assert [row.text_id for row in rows] == ["q0", "q1", "q2"]
    assert counts == {"in": 3, "accepted": 2, "rejected": {"no_vector": 1}}
    assert [row.vector is None for row in rows] == [False, False, True]
    assert [(row.tokens, row.truncated) for row in rows[:2]] == [(12, True)] * 2
    assert "2 of 3 texts are longer than the limit" in log
    assert not list(tmp_path.glob("*.journal"))


def test_the_prefix_is_before_each_text_and_no_rows_have_no_vectors():
    embedder = FakeEmbedder(lambda text: [len(text), 1.0])

    def embed(texts):
        listed = list(texts)
        found = embedder.embed([text for _, text in listed])
        return zip([text_id for text_id, _ in listed], found, strict=True)

    model = EmbeddingModel(embed, "a: ", "m")
    progress, counts = Progress("embed", 1), Counts()
    (row,) = embed_texts(iter([("q0", "How many?")]), model, progress, counts)
    assert (row.text_id, row.model, embedder.texts) == ("q0", "m", ["a: How many?"])
    assert list(embed_texts(iter([]), model, progress, counts)) == []
    assert counts.accepted == 1
