"""scripts/draft.py with a real (tiny) checkpoint."""

import json
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.rows.draft import Attempt, Draft
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows
from caco.stages.seeds.normalise import make_seed

ROOT = Path(__file__).resolve().parents[3]
SPEC = {
    "engine": {"kind": "transformers", "dtype": "float32"},
    "sampling": {"temperature": 0.6, "max_new_tokens": 4, "seed": 1},
    "candidates": 2,
}
SEEDS = [make_seed("s", f"Twice {n}?", str(2 * n)) for n in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft")
    make_tiny_model(folder / "model")
    write_manifest(folder / "manifest.json", folder / "model")
    write_rows(folder / "seeds.parquet", Seed, SEEDS)
    return folder


def drafted(folder, round_, attempts=()):
    command = [ROOT / "scripts" / "draft.py", "--model", folder / "manifest.json",
               "--seeds", folder / "seeds.parquet", "--attempts", *attempts, "--round", round_,
               "--drafts", folder / "drafts.parquet", "--spec", json.dumps(SPEC),
               "--provenance", folder / "job.json"]  # fmt: skip
    done = run_script(command, folder)
    assert done.returncode == 0, done.stderr
    assert not (folder / "job.journal").exists()
    return list(read_rows(folder / "drafts.parquet", Draft)), done.stderr


def test_the_first_round_drafts_every_candidate_and_the_next_only_failed_seeds(folder):
    drafts, _ = drafted(folder, 0)
    assert [(d.seed_id, d.candidate) for d in drafts] == [
        (seed.seed_id, candidate) for seed in SEEDS for candidate in range(2)
    ]
    model = json.loads((folder / "manifest.json").read_text())["digest"]
    assert {(d.round, d.model, d.tokens <= 4) for d in drafts} == {(0, model, True)}
    attempts = [
        Attempt(d.seed_id, d.candidate, d.prompt, d.model, "x", verdict, "it failed", None, None)
        for d, verdict in zip(drafts, ["no_program", "accepted", *["exception"] * 4], strict=True)
    ]
    write_rows(folder / "attempts.parquet", Attempt, attempts)
    later, printed = drafted(folder, 1, [folder / "attempts.parquet"])
    assert [(d.seed_id, d.candidate, d.round) for d in later] == [
        (d.seed_id, d.candidate, 1) for d in drafts[2:]
    ]
    assert "4 of 4 drafts" in printed
