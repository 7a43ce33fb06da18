"""The three fine-tunings from the command line, on a model that trains in seconds."""

import json
from unittest.mock import ANY

from tests.training.command_line import STEPS, curve, run, spec

from caco.models.manifest import read_manifest
from caco.runtime.progress import ReportedProgress, read_progress


def test_codegen_learns_and_writes_an_ordinary_checkpoint(made, learnt):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, said = learnt
    assert read_progress(said) == ReportedProgress(STEPS, STEPS, "steps", ANY, 0.0)
    assert "tokens/s" in said
    assert "WARNING" not in said
    losses = [loss for _, loss, _, _ in curve(out)]
    assert len(losses) == STEPS
    assert losses[-1] < losses[0] - 1

    trained = read_manifest(out / "manifest.json")
    assert trained.folder == out / "checkpoint"
    assert trained.digest != read_manifest(made / "base.json").digest
    model = AutoModelForCausalLM.from_pretrained(trained.folder)
    assert model.generation_config.eos_token_id == 2
    assert AutoTokenizer.from_pretrained(trained.folder).chat_template
    beside = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in out.iterdir()} == beside
    rows = json.loads((out / "record.json").read_text())["rows"]
    assert rows == {"in": 9, "accepted": 9, "rejected": {}}


def test_the_same_seed_learns_the_same_to_the_last_bit(made, learnt, tmp_path):
    run("codegen", made, tmp_path, spec(), "--code-cots", made / "cots.parquet")
    assert curve(tmp_path) == curve(learnt[0])
    again, first = (read_manifest(out / "manifest.json") for out in (tmp_path, learnt[0]))
    assert again.digest == first.digest


def test_the_writer_learns_from_both_pairs(made, tmp_path):
    flags = ("--code-cots", made / "cots.parquet", "--seeds", made / "seeds.parquet")
    asked = {**spec(epochs=1, packing=True, cutoff=512), "fine_tune": True}
    said = run("writer", made, tmp_path, asked, *flags)
    assert "5 left out: no_solution" in said
    assert curve(tmp_path)
    rows = json.loads((tmp_path / "record.json").read_text())["rows"]
    assert rows == {"in": 18, "accepted": 13, "rejected": {"no_solution": 5}}


def test_an_untaught_writer_is_the_base_model(made, tmp_path):
    flags = ("--code-cots", made / "cots.parquet", "--seeds", made / "seeds.parquet")
    run("writer", made, tmp_path, {**spec(), "fine_tune": False}, *flags)
    base = read_manifest(made / "base.json")
    assert read_manifest(tmp_path / "manifest.json").digest == base.digest
    assert curve(tmp_path) == []


def test_the_student_learns_from_the_corpus_in_bf16(made, tmp_path):
    asked = {**spec(epochs=1, precision="bf16", zero_stage=1), "prompt": "alpaca"}
    run("student", made, tmp_path, asked, "--corpus", made / "corpus.parquet")
    assert len(curve(tmp_path)) == 3
    config = json.loads((tmp_path / "checkpoint" / "config.json").read_text())
    assert config["dtype"] == "bfloat16"


def test_an_empty_corpus_keeps_the_base_model_and_says_so(made, tmp_path):
    asked = {**spec(), "prompt": "chat"}
    said = run("student", made, tmp_path, asked, "--corpus", made / "empty.parquet")
    assert "student: no rows to train on: the base model is kept" in said
    base = read_manifest(made / "base.json")
    assert read_manifest(tmp_path / "manifest.json").digest == base.digest
    assert curve(tmp_path) == []


def test_a_batch_that_cannot_be_shared_stops_before_anything_is_loaded(made, tmp_path):
    asked = {**spec(global_batch=5), "prompt": "chat"}
    said = run("student", made, tmp_path, asked, "--corpus", made / "corpus.parquet", code=1)
    assert said.startswith("input error: `student.training.global_batch` is 5")
    assert not (tmp_path / "manifest.json").exists()
