"""scripts/sample.py with a real (tiny) checkpoint."""

import json
import os
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.tiny_model import make_tiny_model

from caco.identity import file_sha256
from caco.models.manifest import write_manifest
from caco.rows.program import Program
from caco.rows.table import read_rows

ROOT = Path(__file__).resolve().parents[3]
SPEC = {
    "programs_per_shard": 5,
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 2},
    "sampling": {"temperature": 0.9, "max_new_tokens": 8, "seed": 1},
}


def _sample(tmp_path, name, model):
    return run_script(
        ["scripts/sample.py", "--model", model, "--shard", "00003",
         "--programs", tmp_path / f"{name}.parquet", "--spec", json.dumps(SPEC),
         "--identity", "00003", "--provenance", tmp_path / f"{name}.json"],
        ROOT, {**os.environ, "CACO_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip


def test_a_shard_is_sampled_reproducibly(tmp_path):
    make_tiny_model(tmp_path / "model")
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    for name in ("first", "second"):
        done = _sample(tmp_path, name, tmp_path / "manifest.json")
        assert done.returncode == 0, done.stderr
    # The second job did not read the files of the model for their digests.
    files = json.loads((tmp_path / "manifest.json").read_text())["files"]
    assert len((tmp_path / "cache/digests.jsonl").read_text().splitlines()) == len(files)
    first = (tmp_path / "first.parquet").read_bytes()
    assert first == (tmp_path / "second.parquet").read_bytes()
    rows = list(read_rows(tmp_path / "first.parquet", Program))
    assert [(r.index, r.shard) for r in rows] == [(i, "00003") for i in range(5)]
    assert all("<|im_end|>" not in r.program for r in rows)
    record = json.loads((tmp_path / "first.json").read_text())
    assert (record["rule"], record["seed"]) == ("sample", 1)
    assert record["rows"] == {"in": 5, "accepted": 5, "rejected": {}}


def test_a_missing_checkpoint_is_reported_in_one_sentence(tmp_path):
    done = _sample(tmp_path, "none", tmp_path / "manifest.json")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"input error: {tmp_path}/manifest.json: the manifest does not exist; "
        "run the rule that creates it"
    )


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_one_flipped_bit_of_a_model_is_refused(tmp_path, file):
    model = tmp_path / "run" / "codegen"
    make_tiny_model(model / "checkpoint")
    write_manifest(model / "manifest.json", model / "checkpoint")
    damaged = model / "checkpoint" / file
    known = file_sha256(damaged)
    raw = bytearray(damaged.read_bytes())
    raw[len(raw) // 2] ^= 1
    damaged.write_bytes(raw)
    done = _sample(tmp_path, "none", model / "manifest.json")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"input error: {damaged}: its SHA-256 is {file_sha256(damaged)}, but that in "
        f"{model}/manifest.json is {known}; rule `codegen` made it, and makes it again if you type "
        f"`rm {model}/manifest.json` and then your command again"
    )
    assert not (tmp_path / "none.parquet").exists()
