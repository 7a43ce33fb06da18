"""A finished run goes on with the section `embedding`: real vectors to corpus and report.

It also assembles the rows of an ablation, from its own seeds.
"""

import time
from pathlib import Path

import yaml

from caco.rows.ablation import AblationRow
from caco.rows.corpus import CorpusRow
from caco.rows.embedding import Embedding
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows
from caco.runtime.checksums import read_checked
from caco.vectors import matrix
from tests.e2e.loop import go_on, tiny_config

LAYERS = ["normalised", "program", "embedding"]


def vectors(file: Path) -> dict[str, bytes | None]:
    """Returns the vector of each text, by its id."""
    return {row.text_id: row.vector for row in read_rows(file, Embedding)}


def test_vectors_of_seeds_questions_and_problems_reach_corpus_and_report(copy: Path) -> None:
    started = time.time()
    before = (copy / "results/tiny/corpus/train.parquet").read_bytes()
    config = tiny_config()
    engine = {"kind": "transformers", "dtype": "float32"}
    config["embedding"] = {"model": "tiny", "engine": engine}
    # At 1 the layer finds equal questions alone, which `normalised` has found before: the corpus
    # stays the same, and nothing is trained again.
    config["corpus"] = {"decontaminate": {"held_out": LAYERS, "embedding": 1.0}}
    config["ablations"] = {"seeds": {"corpus": "seeds_only"}}
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    go_on(copy, "--until", "corpus", "ablation_corpus")
    results = copy / "results/tiny"
    assert (results / "corpus/train.parquet").read_bytes() == before
    learnt = list(read_rows(results / "ablations/seeds/train.parquet", AblationRow))
    assert not (results / "ablations/seeds/manifest.json").exists()
    del config["ablations"]
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    go_on(copy)  # which now knows that the corpus is the same

    questions: dict[str, bytes | None] = {}
    for shard in ("00000.parquet", "00001.parquet"):
        checked = [row.question_id for row in read_rows(results / "checked" / shard, Solution)]
        found = vectors(results / "embeddings" / shard)
        assert list(found) == list(dict.fromkeys(checked))
        questions |= found
    seeds = 0
    for name in ("seeds/products", "seeds/jars", "benchmarks/products"):
        ids = [row.seed_id for row in read_rows(results / f"{name}.parquet", Seed)]
        found = vectors(results / f"problem_embeddings/{name}.parquet")
        assert list(found) == ids and all(found.values())
        seeds += len(ids)
    seeds -= len(found)
    held_out = matrix([v for v in found.values() if v is not None])
    corpus = {row.question_id for row in read_rows(results / "corpus/train.parquet", CorpusRow)}
    of_corpus = matrix([v for q in corpus if (v := questions[q]) is not None])
    assert len(of_corpus) == len(corpus)
    assert (of_corpus @ held_out.T).max() < 1

    stages = {stage["stage"]: stage for stage in read_checked(results / "funnel.json")["stages"]}
    rows = {name: stage["diversity"]["vectors"]["rows"] for name, stage in stages.items()
            if "vectors" in stage.get("diversity", {})}  # fmt: skip
    assert rows == {"seeds": seeds, "check": len(questions), "corpus": len(corpus)}
    assert stages["seeds"]["diversity"]["vectors"]["vendi"] > 1
    page = (results / "report.html").read_text()
    assert "Diversity of the problems by their vectors" in page
    # One seed of `jars` has a wrong answer, and so no Code CoT.
    assert len(learnt) == stages["unify"]["accepted"] and "ablation_corpus" not in stages
    for rule, run_again in (
        ("embed", True),
        ("report", True),
        ("codegen", False),
        ("student", False),
    ):
        (record, *_) = (results / f"provenance/{rule}").glob("*.json")
        assert (record.stat().st_mtime > started) is run_again, rule
