"""The complete workflow with a tiny model."""

import json
from collections import defaultdict

import pyarrow.parquet as pq
import pytest

from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.loss import Loss
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows
from tests.e2e.loop import Loop, uninterrupted

# The columns without a value, by folder of the results: this run names no styles, and has no round
# trips, no LLM judge and no pass rates. tests/stages has tests of these columns.
_JUDGE = {"llm_judge_model", "llm_judge_prompt"}
_ROUND_TRIP = {"round_trip_model", "round_trip_prompt", "round_trip_share"}
_RATES = {"pass_rate", "pass_rate_answers", "pass_rate_model"}
_COUNTS = {"statements", "checked_statements", "false_statements"}
_PROBLEMS = ("seeds", "benchmarks", "answers", "bench")
NULL = {
    **{folder: {"absolute_error"} for folder in _PROBLEMS},  # of benchmarks from files
    "questions": {"style", *_ROUND_TRIP},
    **{f: {"style", *_ROUND_TRIP, *_JUDGE, *_COUNTS} for f in ("solutions", "judged")},
    "checked": {"style", *_ROUND_TRIP, *_JUDGE},
    **{f: {"style", *_ROUND_TRIP, *_JUDGE, *_RATES} for f in ("corpus", "export")},
}


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """A finished run that was not interrupted."""
    return uninterrupted(tmp_path_factory)


def test_row_counts_add_up_within_and_between_stages(loop: Loop) -> None:
    stages = {stage["stage"]: stage for stage in loop.funnel()}
    assert list(stages) == [
        "seeds", "bench_problems", "unify", "sample", "verify", "question", "solution", "judge",
        "check", "corpus", "answer", "grade",
    ]  # fmt: skip
    for stage in stages.values():
        assert stage["in"] == stage["accepted"] + sum(stage["rejected"].values())
    assert stages["sample"]["accepted"] == 80
    for before, after in (
        ("sample", "verify"), ("verify", "question"), ("question", "solution"),
        ("solution", "judge"), ("judge", "check"), ("check", "corpus"), ("answer", "grade"),
    ):  # fmt: skip
        assert stages[after]["in"] == stages[before]["accepted"]


def test_programs_of_the_model_run_and_are_verified(loop: Loop) -> None:
    stages = {stage["stage"]: stage for stage in loop.funnel()}
    assert stages["verify"]["accepted"] > 0


def test_a_malformed_seed_is_rejected_and_the_run_continues(loop: Loop) -> None:
    rejected = list(read_rows(loop.results / "rejected/seeds/jars.parquet", Rejected))
    assert [row.verdict for row in rejected] == ["malformed"]
    assert "line 3" in rejected[0].reason


def test_a_program_with_a_wrong_answer_is_rejected(loop: Loop) -> None:
    accepted = list(read_rows(loop.results / "code_cots/jars.parquet", CodeCoT))
    rejected = list(read_rows(loop.results / "rejected/unify/jars.parquet", Rejected))
    assert len(accepted) == 2
    assert [row.verdict for row in rejected] == ["wrong_answer"]


def test_training_lowers_the_loss(loop: Loop) -> None:
    for trained in ("codegen", "writer"):
        losses = [row.loss for row in read_rows(loop.results / trained / "loss.parquet", Loss)]
        assert losses[-1] < losses[0] / 2


def test_every_job_has_a_provenance_record_with_digests(loop: Loop) -> None:
    records = [json.loads(p.read_text()) for p in (loop.results / "provenance").rglob("*.json")]
    assert {r["rule"] for r in records} == {
        "model", "seeds", "unify", "codegen", "sample", "verify", "writer", "question", "solution",
        "judge", "check", "corpus", "export", "student", "bench_problems", "answer", "grade",
        "scores", "report", "preflight", "preflight_passed",
    }  # fmt: skip
    for record in records:
        assert record["code"] and record["host"] and record["versions"]["python"]
        for path, sha in record["outputs"].items():
            assert (loop.folder / path).is_file() and len(sha) == 64


def test_corpus_rows_have_the_identities_of_their_parents(loop: Loop) -> None:
    for row in read_rows(loop.results / "corpus/train.parquet", CorpusRow):
        assert row.answer in row.output
        assert row.question_id and row.program_id and row.sample_id and row.codegen


def test_every_column_has_a_value_in_some_row(loop: Loop) -> None:
    """A column that no stage fills would stay null, and no other test would notice."""
    columns: defaultdict[str, set[str]] = defaultdict(set)
    filled: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(loop.results.rglob("*.parquet")):
        table = pq.read_table(path)
        kind = path.relative_to(loop.results).parts[0]
        if table.num_rows:
            columns[kind].update(table.column_names)
        filled[kind].update(n for n in table.column_names if table[n].null_count < table.num_rows)
    assert {"seeds", "code_cots", "programs", "verified", "solutions", "bench"} < set(columns)
    null = {kind: names - filled[kind] for kind, names in columns.items()}
    assert null == {kind: NULL.get(kind, set()) for kind in columns}


def test_the_report_is_a_self_contained_page(loop: Loop) -> None:
    page = (loop.results / "report.html").read_text()
    assert "<html" in page and "src=" not in page and "http://" not in page
    assert "codegen" in page and "products" in page


def test_a_second_run_has_nothing_to_do(loop: Loop) -> None:
    code, printed = loop.run()
    assert code == 0
    assert "Nothing to be done" in printed


def test_an_unreadable_shard_is_reported_and_no_other_result_is_lost(loop: Loop) -> None:
    """Must be the last test: the outputs of the damaged shard's failed job are removed."""
    before = loop.funnel(times=False)
    path = loop.results / "programs" / "00001.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, printed = loop.run()
    assert code != 0
    assert "programs/00001.parquet: its SHA-256 is " in printed
    assert "but job `sample 00001`, which made it, recorded " in printed
    assert "Traceback" not in printed
    assert "\nverify 00001: failed once\n" in printed
    assert loop.funnel(times=False) == before
