"""The three fine-tuning scripts, with a model that trains in seconds."""

import json
import shutil
from unittest.mock import ANY

import pytest
from tests.training.command_line import STEPS, curve, refused, run, spec

from caco.models.manifest import read_manifest, write_manifest
from caco.rows.ablation import AblationRow
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows, write_rows
from caco.runtime.progress import ReportedProgress, read_progress


def test_codegen_reduces_the_loss_and_writes_a_checkpoint(inputs, trained):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, stderr = trained
    assert read_progress(stderr) == ReportedProgress(STEPS, STEPS, "steps", ANY, 0.0)
    assert "tokens/s" in stderr
    assert "WARNING" not in stderr
    losses = [loss for _, loss, _, _ in curve(out)]
    assert len(losses) == STEPS
    assert losses[-1] < losses[0] - 1

    model_manifest = read_manifest(out / "manifest.json")
    assert model_manifest.folder == out / "checkpoint"
    assert model_manifest.digest != read_manifest(inputs / "base.json").digest
    model = AutoModelForCausalLM.from_pretrained(model_manifest.folder)
    assert model.generation_config.eos_token_id == 2
    assert AutoTokenizer.from_pretrained(model_manifest.folder).chat_template
    outputs = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in out.iterdir()} == outputs
    record = json.loads((out / "record.json").read_text())
    assert record["rows"] == {"in": 9, "accepted": 9, "rejected": {}}
    assert record["used"]["training_s"] > 0


def test_the_writer_is_trained_on_both_pairs(inputs, tmp_path):
    """The e2e tests train it; here more rows are required than there are."""
    flags = ("--code-cots", inputs / "cots.parquet", "--seeds", inputs / "seeds.parquet")
    few = {**spec(min_rows=900, cutoff=512, micro_tokens=512), "fine_tune": True}
    stderr = refused("writer", inputs, tmp_path, few, *flags)
    assert "writer: 13 examples; 5 rejected: no_solution" in stderr
    assert "there are only 13 rows to train on, and `writer.training.min_rows` is 900" in stderr
    assert "5 of 18 have no solution or a prompt longer than `writer.training.cutoff`" in stderr


def test_a_writer_without_fine_tuning_is_the_base_model(inputs, tmp_path):
    flags = ("--code-cots", inputs / "cots.parquet", "--seeds", inputs / "seeds.parquet")
    run("writer", inputs, tmp_path, {**spec(), "fine_tune": False}, *flags)
    base = read_manifest(inputs / "base.json")
    assert read_manifest(tmp_path / "manifest.json").digest == base.digest
    assert curve(tmp_path) == []


def test_the_student_is_trained_in_bf16_and_declares_the_end_that_its_base_does_not(
    inputs, tmp_path
):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = tmp_path / "inputs"
    shutil.copytree(inputs / "tiny", base / "tiny")
    tokenizer = AutoTokenizer.from_pretrained(base / "tiny", eos_token="<|endoftext|>")
    tokenizer.save_pretrained(base / "tiny")
    for name in ("config.json", "generation_config.json"):
        declared = json.loads((base / "tiny" / name).read_text())
        (base / "tiny" / name).write_text(json.dumps(declared | {"eos_token_id": 0}))
    write_manifest(base / "base.json", base / "tiny")
    settings = {**spec(epochs=1, precision="bf16", zero_stage=1), "prompt": "alpaca"}
    # Of an ablation, whose rows are of another type: the e2e tests train that of the corpus.
    learnt = [
        AblationRow(row.question_id, row.instruction, row.output, row.answer, "seed")
        for row in read_rows(inputs / "corpus.parquet", CorpusRow)
    ]
    write_rows(base / "rows.parquet", AblationRow, learnt)
    flags = ("--rule", "ablation_student", "--corpus", base / "rows.parquet")
    run("student", base, tmp_path, settings, *flags)
    assert len(curve(tmp_path)) == 3
    assert json.loads((tmp_path / "record.json").read_text())["rule"] == "ablation_student"

    saved = tmp_path / "checkpoint"
    config = json.loads((saved / "config.json").read_text())
    assert (config["dtype"], config["eos_token_id"]) == ("bfloat16", 2)
    assert json.loads((saved / "generation_config.json").read_text())["eos_token_id"] == [0, 2]
    assert AutoTokenizer.from_pretrained(saved).eos_token == "<|im_end|>"
    assert AutoModelForCausalLM.from_pretrained(saved).generation_config.eos_token_id == [0, 2]


def test_a_training_without_rows_is_an_error(inputs, tmp_path):
    settings = {**spec(), "prompt": "chat"}
    empty = inputs / "empty.parquet"
    stderr = refused("student", inputs, tmp_path, settings, "--corpus", empty)
    assert (
        f"input error: student: there is no row to train on in {empty}; `python scripts/funnel"
    ) in stderr
    corpus = inputs / "corpus.parquet"
    few = {**spec(min_rows=900), "prompt": "chat"}
    stderr = refused("student", inputs, tmp_path, few, "--corpus", corpus)
    assert "rows to train on, and `student.training.min_rows` is 900 in" in stderr
    cots = inputs / "cots.parquet"
    stderr = refused("codegen", inputs, tmp_path, spec(cutoff=1), "--code-cots", cots)
    assert "there is no row to train on in" in stderr
    assert "or a prompt longer than `codegen.training.cutoff` (1 tokens); raise it" in stderr
    assert not (tmp_path / "manifest.json").exists()


def test_too_small_a_batch_is_an_error_before_anything_is_loaded(inputs, tmp_path):
    settings = {**spec(global_batch=1), "prompt": "chat"}
    rows = ("--corpus", inputs / "corpus.parquet")
    stderr = refused("student", inputs, tmp_path, settings, *rows, "--ranks", 2)
    assert stderr.startswith("input error: `student.training.global_batch` is 1, so 2 ranks")
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    ("script", "rows"),
    [
        ("codegen", ("--code-cots", "cots.parquet")),
        ("writer", ("--code-cots", "cots.parquet", "--seeds", "seeds.parquet")),
        ("student", ("--corpus", "corpus.parquet")),
    ],
)
def test_a_base_model_with_one_flipped_bit_is_refused(inputs, tmp_path, script, rows):
    damaged = tmp_path / "inputs"
    shutil.copytree(inputs, damaged, ignore=shutil.ignore_patterns(".cache"))
    write_manifest(damaged / "base.json", damaged / "tiny")
    raw = bytearray((damaged / "tiny/model.safetensors").read_bytes())
    raw[-1] ^= 1
    (damaged / "tiny/model.safetensors").write_bytes(raw)
    settings = {**spec(), **({"prompt": "chat"} if script == "student" else {})}
    settings |= {"fine_tune": True} if script == "writer" else {}
    stderr = refused(script, damaged, tmp_path, settings, *rows)
    assert stderr.startswith(f"input error: {damaged}/tiny/model.safetensors: its SHA-256 is ")
    assert "restore the file, or, if it was changed on purpose, type `rm " in stderr
    assert not (tmp_path / "manifest.json").exists()
