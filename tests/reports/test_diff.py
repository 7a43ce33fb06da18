"""What differs between two runs: a copy of a run, in which one thing was changed at a time."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from caco.errors import UserError
from caco.identity import file_sha256
from caco.reports.audit.diff import diff
from caco.reports.audit.diff_results import independent_interval
from caco.reports.records import planned_jobs
from caco.reports.run_files import open_run
from caco.rows.graded import Graded
from caco.rows.loss import Loss
from caco.rows.program import Program
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import load_record
from caco.runtime.checksums import write_checked
from caco.workflow.paths import Paths

ROOT = Path(__file__).parents[2]
NEITHER = "0 only in the first, 0 only in the second"


@pytest.fixture
def first(fake_run):
    return Path(fake_run.paths.root)


@pytest.fixture
def second(fake_run, tmp_path):
    """A copy of the run in a folder of another name, as from another machine."""
    return Path(shutil.copytree(fake_run.paths.root, tmp_path / "elsewhere" / "copy"))


def answers(first, second):
    return {a.question: a.lines for a in diff(open_run(first), open_run(second))}


def record_of(run, rule, identity):
    return Path(Paths(run.name, str(run.parent)).provenance(rule, identity))


def rename(run, rule, identity, to):
    path = record_of(run, rule, to)
    write_checked(path, load_record(record_of(run, rule, identity)) | {"identity": to})
    record_of(run, rule, identity).unlink()


def change(run, rule, identity, **values):
    path = record_of(run, rule, identity)
    write_checked(path, load_record(path) | values)


def rewrite(run, rule, identity, name, row_type, rows, rejected=0):
    """Writes other rows to a file of a job, as if the job had written them."""
    rows = list(rows)
    write_rows(run / name, row_type, rows)
    values = load_record(record_of(run, rule, identity))
    outputs = {
        file: file_sha256(run / name) if file.endswith(f"/{name}") else sha
        for file, sha in values["outputs"].items()
    }
    counts = values["rows"]
    if rejected:
        verdicts = dict(counts["rejected"])
        verdicts["exception"] = verdicts.get("exception", 0) + rejected
        counts = {"in": counts["in"], "accepted": counts["accepted"] - rejected}
        counts["rejected"] = verdicts
    change(run, rule, identity, outputs=outputs, rows=counts)


def test_a_copy_is_equal_in_every_stage(first, second):
    found = answers(first, second)
    assert found["What changed?"] == ["nothing"]
    assert found["Where does it first show?"] == [
        "nowhere: every output that both runs have is equal, by the digests in the records"
    ]
    equal = [line.partition(":")[0] for line in found["Which stages are equal, bit for bit?"]]
    assert equal == [
        "seeds", "unify", "codegen", "writer", "sample", "verify", "question", "solution", "judge",
        "check", "corpus", "student", "answer", "grade", "scores",
    ]  # fmt: skip
    assert found["How do the others differ, and why?"] == ["none"]
    assert "verify: 12 in, 8 accepted, in both" in found["What did it do to the funnel?"]
    assert found["What was not compared?"] == [
        "no job: both runs are finished",
        "files with their records: `python scripts/audit.py verify RUN` does",
    ]


def test_equal_files_are_not_read(first, second):
    for file in second.rglob("*.parquet"):
        file.unlink()
    assert answers(first, second)["What changed?"] == ["nothing"]


def test_a_changed_key_is_named_first_and_explains_the_stages_after_it(first, second):
    for shard in ("00000", "00001"):
        change(first, "sample", shard, spec={"sampling": {"temperature": 0.6, "top_p": 1.0}})
        change(second, "sample", shard, spec={"sampling": {"temperature": 0.9, "top_p": 1.0}})
    name = "programs/00001.parquet"
    rows = list(read_rows(second / name, Program))
    other = [replace(rows[0], program="x = 1", tokens=9), *rows[1:]]
    rewrite(second, "sample", "00001", name, Program, other)
    verified = list(read_rows(second / "verified/00001.parquet", Verified))[1:]
    rewrite(second, "verify", "00001", "verified/00001.parquet", Verified, verified, rejected=1)
    read = load_record(record_of(second, "verify", "00001"))["inputs"]
    change(second, "verify", "00001", code="d", host="node8", commit="def",
           inputs=dict.fromkeys(read, "0" * 64))  # fmt: skip
    found = answers(first, second)
    assert found["What changed?"] == [
        "sample.sampling.temperature: 0.6 -> 0.9  (sample)",
        "code digest: c -> d  (verify 00001)",
        'commit: "abc123" -> "abc123", "def"  (verify)',
        'host: "node7" -> "node7", "node8"  (verify)',
    ]
    assert found["Where does it first show?"] == [f"sample: {name}"]
    why = found["How do the others differ, and why?"]
    assert why == [
        "sample: 1 of 2 files differ",
        "  why: sample.sampling.temperature: 0.6 -> 0.9  (sample)",
        f"  {name}: 6 -> 6 rows; by shard, index 6 in both, {NEITHER}",
        "    rows in both that differ, by column: program 1, tokens 1",
        "verify: 1 of 4 files differ",
        "  why: code digest: c -> d  (verify 00001)",
        f"  why: its input from sample differs: {name}",
        "  verified/00001.parquet: 4 -> 3 rows; by program_id 3 in both, 1 only in the first, "
        "0 only in the second",
        "    the rows in both are equal",
    ]
    funnel = found["What did it do to the funnel?"]
    at = funnel.index(
        "verify: 12 -> 12 in, 8 -> 7 accepted "
        "(66.7% -> 58.3%, -8.3 points (-41.2 to +27.2): within chance)"
    )
    assert funnel[at + 1] == "  exception: 2 -> 3"


def test_a_changed_stage_on_equal_inputs_is_no_chance(first, second):
    verified = list(read_rows(second / "verified/00001.parquet", Verified))[1:]
    rewrite(second, "verify", "00001", "verified/00001.parquet", Verified, verified, rejected=1)
    (line,) = (
        line for line in answers(first, second)["What did it do to the funnel?"]
        if line.startswith("verify")
    )  # fmt: skip
    assert line.endswith("the same rows entered, so the change decided it and not chance)")


def test_an_output_that_differs_without_a_change_is_not_reproducible(first, second):
    name = "codegen/loss.parquet"
    losses = [replace(row, loss=row.loss + 1e-7) for row in read_rows(second / name, Loss)]
    rewrite(second, "codegen", "all", name, Loss, losses)
    verified = list(read_rows(second / "verified/00001.parquet", Verified))[1:]
    rewrite(second, "verify", "00001", "verified/00001.parquet", Verified, verified, rejected=1)
    change(second, "codegen", "all", versions={"python": "3.12"}, commit="other")
    why = answers(first, second)["How do the others differ, and why?"]
    assert why[:6] == [
        "codegen: 1 of 2 files differ",
        "  why: settings, code and inputs are equal, so it is not reproducible bit for bit",
        "  why: possible reason: package python: 3.11 -> 3.12  (codegen)",
        "  why: possible reason: the last bits of a model's results depend on the processor, on "
        "the number of threads or GPUs, and on the batches that a server forms",
        f"  {name}: 8 -> 8 rows; by step 8 in both, {NEITHER}",
        "    rows in both that differ, by column: loss 8",
    ]
    verify = why[why.index("verify: 1 of 4 files differ") :]
    assert (
        "  why: possible reason: whether a program reaches a time limit depends on the load"
        in verify
    )


def test_another_machine_is_no_explanation_of_equal_files(first, second):
    change(second, "codegen", "all", host="node8", code="d")
    found = answers(first, second)
    (line,) = (
        line for line in found["Which stages are equal, bit for bit?"] if line.startswith("codegen")
    )
    assert line == "codegen: 2 files, although it changed: code digest: c -> d  (codegen)"


def test_many_nodes_are_one_line(first, second):
    for number, path in enumerate(sorted((second / "provenance").glob("*/*.json"))):
        write_checked(path, load_record(path) | {"host": f"n{number}"})
    (line,) = answers(first, second)["What changed?"]
    assert line.startswith('host: "node7" -> "n') and line.endswith(" more  (all rules)")


def test_the_machine_of_a_restored_record_is_unknown(first, second):
    for path in (second / "provenance").glob("*/*.json"):
        unknown = {"restored": True, "host": "unknown", "versions": {}, "commit": None}
        write_checked(path, load_record(path) | unknown)
    assert answers(first, second)["What changed?"] == ["nothing"]


def test_a_checkpoint_in_another_folder_is_equal_and_other_weights_are_named(first, second):
    manifest = second / "codegen/manifest.json"
    manifest.write_text(manifest.read_text().replace('"checkpoint"', '"../codegen/checkpoint"'))
    outputs = load_record(record_of(second, "codegen", "all"))["outputs"]
    moved = {
        f: file_sha256(manifest) if f.endswith("manifest.json") else s for f, s in outputs.items()
    }
    change(second, "codegen", "all", outputs=moved, listed={})
    assert answers(first, second)["Where does it first show?"][0].startswith("nowhere")
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0'))
    why = answers(first, second)["How do the others differ, and why?"]
    assert "  codegen/manifest.json: 1 of 1 files differ: weights" in why


def test_other_shards_stages_and_inputs_are_named(first, second):
    jobs = load_jobs(second)
    for rule in list(jobs):
        if "00001" in jobs[rule]:
            jobs[rule] = ["00000", "00002"]
            rename(second, rule, "00001", "00002")
    jobs.pop("writer")
    write_checked(second / "jobs.json", {"jobs": jobs})
    change(second, "seeds", "families", inputs={"data/a.jsonl": "1" * 64})
    change(first, "seeds", "families", inputs={"data/a.jsonl": "2" * 64})
    found = answers(first, second)
    changed = found["What changed?"]
    assert f"stage only in {first}  (writer)" in changed
    shards = "sample, verify, question, solution, judge, check"
    assert f"shard: 2, with 00001 -> 2, with 00002  ({shards})" in changed
    assert f"input data/a.jsonl: {'2' * 16} -> {'1' * 16}  (seeds)" in changed
    assert found["Where does it first show?"][0].startswith("writer: writer/")
    assert "sample: 0 of 3 files differ, 2 in one run alone" in "\n".join(
        found["How do the others differ, and why?"]
    )


def load_jobs(run):
    return planned_jobs(run)


def test_a_run_in_progress_or_with_a_torn_record_is_compared_as_far_as_it_is(first, second):
    for rule in ("corpus", "student"):
        record_of(second, rule, "all").unlink()
    torn = record_of(first, "judge", "00001")
    torn.write_text(torn.read_text()[:99])
    found = answers(first, second)
    lacking = found["What was not compared?"]
    assert lacking[0].startswith(f"{torn}: not a provenance record, or torn")
    assert (
        f"judge: 1 job without a record ({first} lacks 1): not finished, or the record is lost"
        in lacking
    )
    assert any(
        line.startswith(f"corpus: 1 job without a record ({second} lacks 1)") for line in lacking
    )
    assert f"corpus: only in {first}" in found["What did it do to the funnel?"]
    assert "judge: 1 file" not in found["Which stages are equal, bit for bit?"]


def grade(run, model, right, problems=60, samples=1, benchmark="easy"):
    name = f"bench/{model}/{benchmark}.parquet"
    rows = [
        Graded(
            benchmark, model, f"b{i}", "?", "1", n, "1", "1",
            "correct" if i in right else "wrong", "", "wrong", 0, 0, 1, "stop",
        )
        for i in range(problems)
        for n in range(samples)
    ]  # fmt: skip
    rewrite(run, "grade", f"{model}-{benchmark}", name, Graded, rows)


def test_scores_are_tested_on_the_problems_of_both(first, second):
    assert answers(first, second)["What did it do to the scores?"] == [
        "easy of base: every grade is equal, bit for bit",
        "easy of student: every grade is equal, bit for bit",
    ]
    grade(first, "student", range(10))
    grade(second, "student", range(30), problems=62)
    found = answers(first, second)["What did it do to the scores?"]
    assert found[0] == "easy of base: every grade is equal, bit for bit"
    assert found[1].startswith("easy of student: 10 -> 30 of 60 right, +33.3 points (+")
    # 20 problems are won and none is lost: 2 * 2 ** -20.
    assert found[1].endswith("p = 1.9e-06: larger than chance; 2 problems are in one run alone")
    grade(first, "base", range(5))
    grade(second, "base", range(1, 6))
    base, student = answers(first, second)["What did it do to the scores?"]
    assert "5 -> 5 of 60 right, +0.0 points (" in base
    assert base.endswith("p = 1, 1 by Holm: within chance")
    assert "p = 1.9e-06, 3.8e-06 by Holm: larger than chance" in student


def test_the_interval_of_independent_shares_is_the_published_one():
    """Newcombe's examples (a), (b) and (d), method 10."""
    for first, second, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ):
        assert independent_interval(first, second) == pytest.approx((low, high), abs=5e-5)


def test_of_several_answers_the_first_are_compared(first, second):
    grade(first, "student", range(10))
    grade(second, "student", range(10), samples=4)
    found = answers(first, second)["What did it do to the scores?"][1]
    assert found.startswith("easy of student: 10 -> 10 of 60 right, +0.0 points")
    grade(first, "student", range(10), samples=4)
    grade(second, "student", range(12), samples=4, problems=61)
    found = answers(first, second)["What did it do to the scores?"][1]
    assert found.startswith("easy of student: 40 -> 48 of 240 right, +3.3 points (")


def test_a_missing_table_or_another_benchmark_is_said(first, second):
    grade(second, "student", range(10))
    (second / "bench/student/easy.parquet").unlink()
    jobs = load_jobs(second)
    jobs["grade"] = ["student-easy", "base-hard"]
    rename(second, "grade", "base-easy", "base-hard")
    write_checked(second / "jobs.json", {"jobs": jobs})
    found = answers(first, second)
    student, base, other = found["What did it do to the scores?"]
    assert base == f"easy of base: only in {first}" and other == f"hard of base: only in {second}"
    assert (
        student.startswith("easy of student: not compared: ") and "there is no such file" in student
    )
    assert "bench/student/easy.parquet: not compared by row: " in "\n".join(
        found["How do the others differ, and why?"]
    )


def test_the_command_exits_with_0_unless_the_input_is_bad(first, second, tmp_path):
    def script(*runs):
        return subprocess.run(
            [sys.executable, ROOT / "scripts/audit.py", "diff", *runs],
            capture_output=True, text=True,
        )  # fmt: skip

    change(second, "codegen", "all", spec={"a": "x\x1b[31m"}, code="d")
    done = script(first, second)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout.startswith("What changed?\n  codegen.a: not set -> ")
        and "\x1b" not in done.stdout
    )
    done = script(first, tmp_path)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "so no run was started there" in done.stderr
    with pytest.raises(UserError, match="no run was started there"):
        open_run(tmp_path)
