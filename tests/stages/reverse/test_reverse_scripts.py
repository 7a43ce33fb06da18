"""The scripts of the reverse stage: their files and counts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.stages.reverse.reverse_rows import question, solution, verified
from tests.tiny_model import make_tiny_model

from caco.models.manifest import write_manifest
from caco.proof.generation import prove_generation
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected
from caco.rows.reply import Reply
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import load_record

ROOT = Path(__file__).resolve().parents[3]
WRITE = {
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 4},
    "sampling": {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "max_new_tokens": 8},
}

LLM_JUDGE = {
    "model": "judge",
    "engine": WRITE["engine"],
    "sampling": {"temperature": 0.0, "max_new_tokens": 4},
}
WRITE_QUESTIONS = WRITE | {"variants": 2, "styles": ["a farm", "a letter"]}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("writer")
    make_tiny_model(folder / "model")
    write_manifest(folder / "manifest.json", folder / "model")
    return folder / "manifest.json"


def _run(folder, script, spec, **files):
    flags = [
        part
        for name, path in files.items()
        for part in (f"--{name.replace(chr(95), chr(45))}", path)
    ]
    return run_script(
        [f"scripts/{script}.py", *flags, "--spec", json.dumps(spec),
         "--identity", "00000", "--provenance", folder / "record.json"],
        ROOT,
    )  # fmt: skip


def _counts(folder):
    return json.loads((folder / "record.json").read_text())["rows"]


def test_question_and_solution_accept_or_reject_every_row(tmp_path, manifest):
    for script, spec, flags, row_type, rows, requested in (
        (
            "question",
            WRITE_QUESTIONS,
            ("verified", "questions"),
            Verified,
            [verified(i) for i in range(3)],
            6,
        ),
        (
            "solution",
            WRITE | {"variants": 3},
            ("questions", "solutions"),
            Question,
            [question(1), question(2)],
            6,
        ),
    ):
        read, written = (tmp_path / f"{script}-{flag}.parquet" for flag in flags)
        write_rows(read, row_type, rows)
        files = {
            flags[0]: read, flags[1]: written, "rejected": tmp_path / f"{script}-no.parquet",
            "replies": tmp_path / f"{script}-replies.parquet",
        }  # fmt: skip
        done = _run(tmp_path, script, spec, model=manifest, **files)
        assert done.returncode == 0, done.stderr
        accepted = count_rows(written, Question if script == "question" else Solution)
        rejected = list(read_rows(files["rejected"], Rejected))
        assert accepted + len(rejected) == requested
        counts = _counts(tmp_path)
        assert (counts["in"], counts["accepted"]) == (requested, accepted)
        assert sum(counts["rejected"].values()) == len(rejected)
        assert count_rows(files["replies"], Reply) == requested
        _require_proof(tmp_path, requested, files["rejected"], rejected)


def _require_proof(folder, requested, file, rejected):
    """The job is proven by its replies; rejected rows that these do not give are found."""
    record = load_record(folder / "record.json")
    proof = prove_generation(record, folder)
    assert proof.verdict == "consistent", proof.line
    assert (proof.rows, proof.differences, proof.seeded) == (requested, [], True)
    write_rows(file, Rejected, [replace(rejected[0], reason="other"), *rejected[1:]])
    altered = prove_generation(record, folder)
    assert altered.verdict == "inconsistent"
    assert altered.differences == [
        f"{file}: row 0 is not what the job made: its tokens and inputs make another `reason`"
    ]
    write_rows(file, Rejected, rejected)


def test_an_empty_shard_gives_no_rows_and_loads_no_model(tmp_path):
    # The folder of the manifest holds no model, so that loading it would fail.
    (tmp_path / "model").mkdir()
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    none = {name: tmp_path / f"{name}.parquet" for name in ("verified", "questions", "solutions")}
    write_rows(none["verified"], Verified, [])
    for script, spec, flags in (
        ("question", WRITE, {"model": tmp_path / "manifest.json", "verified": none["verified"],
                             "questions": none["questions"]}),
        ("solution", WRITE, {"model": tmp_path / "manifest.json", "questions": none["questions"],
                             "solutions": none["solutions"]}),
        ("judge", {}, {"solutions": none["solutions"], "judged": tmp_path / "judged.parquet"}),
    ):  # fmt: skip
        if script != "judge":
            flags = {**flags, "replies": tmp_path / "replies.parquet"}
        done = _run(tmp_path, script, spec, **flags, rejected=tmp_path / f"{script}.parquet")
        assert done.returncode == 0, done.stderr
        assert _counts(tmp_path) == {"in": 0, "accepted": 0, "rejected": {}}
    assert count_rows(tmp_path / "judged.parquet", Solution) == 0


def test_redraft_writes_the_programs_of_every_question(tmp_path, manifest):
    questions, file = tmp_path / "questions.parquet", tmp_path / "redrafts.parquet"
    write_rows(questions, Question, [question(1), question(2)])
    spec = WRITE | {"programs": 3}
    done = _run(tmp_path, "redraft", spec, model=manifest, questions=questions, redrafts=file)
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(file, Redraft))
    assert [(r.question_id, r.number) for r in rows] == [
        (f"q{q}", n) for q in (1, 2) for n in range(3)
    ]
    assert _counts(tmp_path) == {"in": 6, "accepted": 6, "rejected": {}}
    record = load_record(tmp_path / "record.json")
    proof = prove_generation(record, tmp_path)
    assert (proof.verdict, proof.rows, proof.differences) == ("consistent", 6, []), proof.line
    write_rows(file, Redraft, [replace(rows[0], reply="output = 1"), *rows[1:]])
    assert prove_generation(record, tmp_path).verdict == "inconsistent"


def test_llm_judge_judges_every_row_with_the_model_of_the_manifest(tmp_path, manifest):
    """The tiny model cannot judge: every reply is truncated, which is the verdict on each row."""
    write_rows(tmp_path / "judged.parquet", Solution, [solution(i) for i in range(3)])
    done = _run(
        tmp_path, "llm_judge", LLM_JUDGE, model=manifest, judged=tmp_path / "judged.parquet",
        llm_judged=tmp_path / "llm_judged.parquet", rejected=tmp_path / "rejected.parquet",
        replies=tmp_path / "replies.parquet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert count_rows(tmp_path / "llm_judged.parquet", Solution) == 0
    rejected = [(r.row_id, r.verdict) for r in read_rows(tmp_path / "rejected.parquet", Rejected)]
    assert rejected == [("q0", "truncated"), ("q1", "truncated"), ("q2", "truncated")]
    assert _counts(tmp_path) == {"in": 3, "accepted": 0, "rejected": {"truncated": 3}}
    assert json.loads((tmp_path / "record.json").read_text())["rule"] == "llm_judge"
    file = tmp_path / "rejected.parquet"
    _require_proof(tmp_path, 3, file, list(read_rows(file, Rejected)))


def test_judge_writes_both_files_and_their_counts(tmp_path):
    rows = [solution(1), solution(2, answer="13"), solution(3, question="How much?")]
    write_rows(tmp_path / "solutions.parquet", Solution, rows)
    done = _run(
        tmp_path, "judge", {"answer_timeout_s": 20.0, "grounded": True},
        solutions=tmp_path / "solutions.parquet", judged=tmp_path / "judged.parquet",
        rejected=tmp_path / "rejected.parquet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(read_rows(tmp_path / "judged.parquet", Solution)) == rows[:1]
    rejected = [(r.row_id, r.verdict) for r in read_rows(tmp_path / "rejected.parquet", Rejected)]
    assert rejected == [("q2", "wrong_answer"), ("q3", "ungrounded")]
    assert _counts(tmp_path) == {
        "in": 3, "accepted": 1, "rejected": {"ungrounded": 1, "wrong_answer": 1}
    }  # fmt: skip


def test_a_failure_leaves_neither_file(tmp_path):
    (tmp_path / "solutions.parquet").write_bytes(b"no parquet")
    done = _run(
        tmp_path, "judge", {},
        solutions=tmp_path / "solutions.parquet", judged=tmp_path / "judged.parquet",
        rejected=tmp_path / "rejected.parquet",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"input error: {tmp_path}/solutions.parquet: not a readable")
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {"solutions.parquet", "record.starts"}
