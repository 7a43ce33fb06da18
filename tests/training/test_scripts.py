"""The three fine-tunings from the command line, on a model that trains in seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tiny_model import make_tiny_model

from caco.models.manifest import read_manifest, write_manifest
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.loss import Loss
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a tiny model, Code CoTs, their seeds and a corpus."""
    folder = tmp_path_factory.mktemp("made")
    write_manifest(folder / "base.json", make_tiny_model(folder / "tiny"))
    programs = [f'input = {{"a": {i}}}\noutput = input["a"] * 2\nprint(output)\n' for i in range(9)]
    write_rows(
        folder / "cots.parquet",
        CodeCoT,
        [
            CodeCoT(f"p{i}", f"s{i}", "x", program, "program", f'{{"a":{i}}}', str(2 * i))
            for i, program in enumerate(programs)
        ],
    )
    write_rows(
        folder / "seeds.parquet",
        Seed,
        [
            Seed(f"s{i}", "x", "math", f"Double {i}?", f"{i} + {i}." if i % 2 else None, None,
                 str(2 * i), "MIT")
            for i in range(9)
        ],
    )  # fmt: skip
    rest = ["x"] * 9
    write_rows(
        folder / "corpus.parquet",
        CorpusRow,
        [CorpusRow(f"Double {i}?", f"It is {2 * i}.", str(2 * i), "", *rest) for i in range(9)],
    )
    write_rows(folder / "empty.parquet", CorpusRow, [])
    return folder


def _run(script, made, out, spec, *flags, ok=True):
    command = [sys.executable, str(_ROOT / "scripts" / f"{script}.py"), "--model",
               str(made / "base.json"), "--checkpoint", str(out / "manifest.json"), "--loss",
               str(out / "loss.parquet"), "--provenance", str(out / "record.json"),
               "--spec", json.dumps(spec), *map(str, flags)]  # fmt: skip
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=made, env=dict(os.environ), timeout=300
    )
    assert (ended.returncode == 0) == ok, ended.stderr
    return ended.stderr


def _spec(**training):
    keys = {"epochs": 2, "learning_rate": 1e-2, "global_batch": 4, "micro_batch": 2, "cutoff": 128}
    return {"model": "tiny", "training": {**keys, "precision": "fp32", **training}}


def _curve(out):
    return [(r.step, r.loss, r.grad_norm, r.tokens) for r in read_rows(out / "loss.parquet", Loss)]


@pytest.fixture(scope="module")
def learnt(made, tmp_path_factory):
    """A code generator fine-tuned on one rank, and what the script said."""
    out = tmp_path_factory.mktemp("learnt")
    return out, _run("codegen", made, out, _spec(), "--code-cots", made / "cots.parquet")


def test_codegen_learns_and_writes_an_ordinary_checkpoint(made, learnt):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, said = learnt
    assert "step 6 of 6" in said
    assert "tokens/s" in said
    assert "WARNING" not in said
    losses = [loss for _, loss, _, _ in _curve(out)]
    assert len(losses) == 6
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
    _run("codegen", made, tmp_path, _spec(), "--code-cots", made / "cots.parquet")
    assert _curve(tmp_path) == _curve(learnt[0])
    again, first = (read_manifest(out / "manifest.json") for out in (tmp_path, learnt[0]))
    assert again.digest == first.digest


def test_two_ranks_under_zero_2_learn_what_one_learns(made, learnt, tmp_path):
    _run("codegen", made, tmp_path, _spec(), "--code-cots", made / "cots.parquet", "--ranks", 2)
    assert len(_curve(tmp_path)) == 6
    # Only the first two steps: the third is one row, which two ranks share by seeing it twice.
    for (_, loss, _, tokens), (_, same, _, same_tokens) in zip(
        _curve(learnt[0])[:2], _curve(tmp_path)[:2], strict=True
    ):
        assert (loss, tokens) == (pytest.approx(same, rel=1e-4), same_tokens)


def test_the_writer_learns_from_both_pairs(made, tmp_path):
    flags = ("--code-cots", made / "cots.parquet", "--seeds", made / "seeds.parquet")
    spec = {**_spec(epochs=1, packing=True, cutoff=512), "fine_tune": True}
    said = _run("writer", made, tmp_path, spec, *flags)
    assert "5 left out: no_solution" in said
    assert _curve(tmp_path)
    rows = json.loads((tmp_path / "record.json").read_text())["rows"]
    assert rows == {"in": 18, "accepted": 13, "rejected": {"no_solution": 5}}


def test_an_untaught_writer_is_the_base_model(made, tmp_path):
    flags = ("--code-cots", made / "cots.parquet", "--seeds", made / "seeds.parquet")
    _run("writer", made, tmp_path, {**_spec(), "fine_tune": False}, *flags)
    base = read_manifest(made / "base.json")
    assert read_manifest(tmp_path / "manifest.json").digest == base.digest
    assert _curve(tmp_path) == []


def test_the_student_learns_from_the_corpus_in_bf16(made, tmp_path):
    spec = {**_spec(epochs=1, precision="bf16", zero_stage=1), "prompt": "alpaca"}
    _run("student", made, tmp_path, spec, "--corpus", made / "corpus.parquet")
    assert len(_curve(tmp_path)) == 3
    config = json.loads((tmp_path / "checkpoint" / "config.json").read_text())
    assert config["dtype"] == "bfloat16"


def test_an_empty_corpus_keeps_the_base_model_and_says_so(made, tmp_path):
    spec = {**_spec(), "prompt": "chat"}
    said = _run("student", made, tmp_path, spec, "--corpus", made / "empty.parquet")
    assert "student: no rows to train on: the base model is kept" in said
    base = read_manifest(made / "base.json")
    assert read_manifest(tmp_path / "manifest.json").digest == base.digest
    assert _curve(tmp_path) == []


def test_a_batch_that_cannot_be_shared_stops_before_anything_is_loaded(made, tmp_path):
    spec = {**_spec(global_batch=5), "prompt": "chat"}
    said = _run("student", made, tmp_path, spec, "--corpus", made / "corpus.parquet", ok=False)
    assert said.startswith("input error: `student.training.global_batch` is 5")
    assert not (tmp_path / "manifest.json").exists()
