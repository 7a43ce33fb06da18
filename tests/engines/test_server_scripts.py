"""The script of a stage with a server engine, from the section of the model to the rows."""

import json
import os
from pathlib import Path

from tests.engines.fault_server import FaultServer
from tests.forked import run_script
from tests.stages.reverse.reverse_rows import verified

from caco.config.models import ServedModel
from caco.models.fetch import fetch_model
from caco.rows.question import Question
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified

ROOT = Path(__file__).resolve().parents[2]
SPEC = {
    "engine": {"kind": "server", "attempts": 2, "url_env": "WRITER_URL"},
    "sampling": {"temperature": 0.7, "max_new_tokens": 8},
}


def question(folder, url):
    return run_script(
        ["scripts/question.py", "--model", folder / "manifest.json",
         "--verified", folder / "verified.parquet", "--questions", folder / "questions.parquet",
         "--rejected", folder / "rejected.parquet", "--replies", folder / "replies.parquet",
         "--spec", json.dumps(SPEC),
         "--identity", "00000", "--provenance", folder / "record.json"],
        ROOT, {**os.environ, "WRITER_URL": url, "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip


def test_questions_of_a_served_model_and_a_rejected_key(tmp_path):
    section = ServedModel(kind="served", name="big", revision="1")
    model = fetch_model(section, "big", tmp_path / "manifest.json")
    write_rows(tmp_path / "verified.parquet", Verified, [verified(i) for i in range(5)])

    rejecting = {"status": 401}
    with FaultServer(
        lambda seed, attempt: (rejecting["status"], {}) if rejecting else None
    ) as server:
        done = question(tmp_path, server.url)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(
            f"input error: {server.url}: the server rejects the API key (401: {{}})"
        )
        rejecting.clear()
        done = question(tmp_path, server.url)
        assert done.returncode == 0, done.stderr
        turns = [body["messages"][0]["content"] for _, body, _ in server.requests]
    rows = list(read_rows(tmp_path / "questions.parquet", Question))
    assert [row.sample_id for row in rows] == [f"s{i}" for i in range(5)]
    assert all(row.question.startswith("answer ") for row in rows)
    assert {row.question_model for row in rows} == {model.digest}
    assert list(read_rows(tmp_path / "rejected.parquet", Rejected)) == []
    assert all("input['a'] * input['b']" in turn and "<|" not in turn for turn in turns)
