"""A row is traced back to the seeds, and a seed forward to what depends on it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.reports.conftest import question, seed

from caco.errors import UserError
from caco.reports.audit.trace import trace
from caco.reports.run_files import open_run
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.rlvr import RlvrRow
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import load_record
from caco.runtime.checksums import sha256_of, write_checked
from caco.stages.export.dataset import questions

ROOT = Path(__file__).parents[2]


def traced(run, identity, every=False):
    return trace(open_run(Path(run.paths.root)), identity, every)


def lines_of(run, identity, every=False):
    return "\n".join(traced(run, identity, every).lines)


def labelled(run, identity):
    """Returns the texts of the lines by label; a line without one belongs to the label before."""
    found: dict[str, list[str]] = {}
    label = ""
    for line in traced(run, identity).lines:
        label = line[:13].strip() or label
        found.setdefault(label, []).append(line[13:])
    return found


def test_a_row_is_traced_back_to_the_licence_of_its_seeds(fake_run):
    text = lines_of(fake_run, "row:2")
    assert "corpus       accepted, row 2 of" in text
    assert "\n             q6, variant 0\n" in text
    for step in ("judged", "solutions", "questions", "verified", "programs"):
        assert f"row 0 of {fake_run.paths.shard(step, '00001')}" in text
    assert "request      index 6 of shard 00001, seed 7" in text
    assert 'execution    input {"a":1}, output 1' in text
    assert f"{fake_run.paths.checkpoint('codegen')}\n" in text
    assert "5 Code CoTs, " in text and "by unify families, " in text
    assert "from 5 seeds of families, licence Apache-2.0" in text
    assert "node7, commit abc123" in text
    assert "Code CoT c0" not in text
    every = lines_of(fake_run, "row:2", every=True)
    assert all(f"Code CoT c{n} of seed seed{n}" in every for n in range(5))


def test_a_row_of_several_variants_names_its_own_question_and_its_llm_judge(judged_run):
    text = lines_of(judged_run, "q0.1")
    assert "\n             q0.1, variant 1, style on a farm" in text
    for step in ("judged", "solutions", "questions"):  # the first row is another variant
        assert f"row 1 of {judged_run.paths.shard(step, '00000')}" in text
    assert f"row 0 of {judged_run.paths.shard('llm_judged', '00000')}" in text
    judge = judged_run.paths.model("judge")
    digest = json.loads(Path(judge).read_text())["digest"]
    assert f"llm_judge by {digest}, {judge}\n" in text


def test_a_row_of_several_solutions_names_its_own_solution(fake_run):
    for step in ("solutions", "judged", "checked"):
        file = Path(fake_run.paths.shard(step, "00000"))
        rows = list(read_rows(file, Solution))
        write_rows(
            file, Solution, [replace(row, solution_variant=n) for row in rows for n in range(3)]
        )
    corpus = Path(fake_run.paths.corpus())
    of_second = [replace(row, solution_variant=2) for row in read_rows(corpus, CorpusRow)]
    write_rows(corpus, CorpusRow, of_second)
    text = lines_of(fake_run, "row:0")
    assert lines_of(fake_run, f"{of_second[0].question_id}.2") == text
    assert "solution 2" in text
    for step in ("solutions", "judged", "checked"):
        assert f"row 2 of {fake_run.paths.shard(step, '00000')}" in text
    assert f"row 0 of {fake_run.paths.shard('questions', '00000')}" in text
    assert "has no row of question q0.7" in lines_of(fake_run, "q0.7")


def test_a_row_with_a_pass_rate_names_its_answers_and_their_model(fake_run):
    corpus = Path(fake_run.paths.corpus())
    assert "pass rate" not in lines_of(fake_run, "row:0")
    rows = [
        replace(row, pass_rate=0.25, pass_rate_answers=8, pass_rate_model="md")
        for row in read_rows(corpus, CorpusRow)
    ]
    write_rows(corpus, CorpusRow, rows)
    text = lines_of(fake_run, "row:0")
    assert "pass rate 0.25, of 8 answers\n" in text
    assert "rollout by md" in text


def test_a_row_of_the_export_is_found_by_its_question(fake_run, tmp_path):
    """The identity is the one that its reader has; the corpus stays the source of the lineage."""
    corpus = Path(fake_run.paths.corpus())
    rows = list(questions(read_rows(corpus, CorpusRow)))
    write_rows(Path(fake_run.paths.exported("rlvr")), RlvrRow, rows)
    loaded = pq.read_table(fake_run.paths.exported("rlvr")).to_pylist()
    for number, row in enumerate(loaded):
        text = lines_of(fake_run, row["question_id"])
        assert f"corpus       accepted, row {number} of" in text
        assert f"\n             {row['program_id']}, sample " in text


def test_a_rejected_row_is_traced_to_where_it_ended(fake_run):
    text = lines_of(fake_run, "s5")
    assert "verify       rejected, cpu_timeout: ran for 5 s, row 1 of " in text
    assert "question     " not in text and "5 Code CoTs, " in text
    assert "judge        rejected, wrong_answer: 2 is not 1, row 0 of " in lines_of(fake_run, "q2")
    assert "corpus       rejected, duplicate_question: seen, row 0 of " in lines_of(fake_run, "q7")


def test_a_rejected_question_and_solution_are_found_by_their_numbered_identity(fake_run):
    first = next(read_rows(Path(fake_run.paths.shard("verified", "00000")), Verified))
    file = Path(fake_run.paths.rejected("question", "00000"))
    write_rejected(file, [reject("s0.1", "truncated", "no end", first)])
    assert "question     rejected, truncated: no end, row 0 of " in lines_of(fake_run, "s0.1")
    asked = next(read_rows(Path(fake_run.paths.shard("questions", "00000")), Question))
    file = Path(fake_run.paths.rejected("solution", "00000"))
    write_rejected(file, [reject("q0.3", "truncated", "no end", asked)])
    text = lines_of(fake_run, "q0.3")
    assert "solution     rejected, truncated: no end, row 0 of " in text and "judge" not in text


def write_rejected(file, rows):
    write_rows(file, Rejected, rows)


def test_a_seed_is_traced_to_its_code_cot_and_all_that_learnt_it(fake_run):
    found = labelled(fake_run, "seed3")
    paths = fake_run.paths
    assert found["problem"][0] == f"seed seed3 of families, row 3 of {paths.seeds('families')}"
    assert "licence Apache-2.0: Problem 3?" in found["problem"]
    assert found["Code CoT"][0].startswith("c3 by program, row 3 of ")
    assert found["remove"] == [
        f"1 of 7 rows of {paths.seeds('families')}", f"1 of 5 rows of {paths.code_cots('families')}"
    ]  # fmt: skip
    learnt = [line.partition(",")[0] for line in found["retrain"] if "which learnt it" in line]
    assert learnt == [paths.checkpoint(name) for name in ("codegen", "writer", "student")]
    again = {line.partition(",")[0]: line for line in found["make again"]}
    assert again["sample"].startswith("sample, 2 jobs, 12 rows: ")
    assert "verify" in again and "corpus, 1 job, 3 rows: " in again["corpus"]
    assert lines_of(fake_run, "c3") == lines_of(fake_run, "seed3")


def test_a_row_of_a_source_that_no_reader_could_read_is_found(fake_run):
    text = lines_of(fake_run, "row 10")
    assert "rejected     1 row by seeds, malformed: no answer " in text
    assert "retrain      nothing" in text
    file = Path(fake_run.paths.rejected("verify", "00000"))
    write_rejected(file, [Rejected("s77", "exception", "edited", "no JSON")])
    with pytest.raises(UserError, match=r"rejected/verify/00000.parquet: row 0 is not one that a"):
        traced(fake_run, "s77")


def test_a_table_of_another_program_is_one_sentence(fake_run):
    table = pq.read_table(fake_run.paths.corpus())
    pq.write_table(table.drop(["question_id"]), fake_run.paths.corpus())
    with pytest.raises(UserError, match="has no column `question_id`, so another program wrote it"):
        traced(fake_run, "row:0")
    numbered = table.set_column(0, "seed_id", [list(range(table.num_rows))])
    pq.write_table(numbered, fake_run.paths.corpus())
    with pytest.raises(UserError, match="the column `seed_id` has the type int64 and not string"):
        traced(fake_run, "seed3")


def test_a_seed_without_a_code_cot_taught_no_model(fake_run):
    found = labelled(fake_run, "seed5")
    assert found["rejected"] == ["1 row by unify, wrong_answer: 2 is not 1"]
    assert found["retrain"] == ["nothing: no model was trained on it"]
    assert "make again" not in found
    assert len(found["remove"]) == 2  # in the seeds and among the rejected
    held_out = labelled(fake_run, "seed8")
    assert held_out["problem"][0].startswith("held-out seed seed8 of families, row 1 of ")
    assert held_out["retrain"] == ["nothing: no model was trained on it"]


def test_a_problem_of_a_benchmark_is_traced_to_its_answers(fake_run):
    found = labelled(fake_run, "b3")
    assert sorted(found["remove"]) == sorted(
        f"1 of 4 rows of {file}"
        for model in ("base", "student")
        for file in (fake_run.paths.answers(model, "easy"), fake_run.paths.graded(model, "easy"))
    )
    assert "scores reads a file with it, 1 job" in found["reads"]


def test_rows_rejected_because_of_a_seed_and_copies_of_its_program_are_named(fake_run):
    paths = fake_run.paths
    duplicate = reject("seed90", "duplicate", "same problem as the seed seed3", seed(90))
    write_rejected(Path(paths.rejected("seeds", "families")), [duplicate])
    corpus = Path(paths.corpus())
    rows = list(read_rows(corpus, CorpusRow))
    write_rows(corpus, CorpusRow, [replace(rows[0], program_id="c3"), *rows[1:]])
    found = labelled(fake_run, "seed3")
    assert (
        "1 row was rejected by seeds because of it, duplicate, rejected/seeds/families.parquet"
        in (found["compared"])
    )
    where = str(corpus.parent)
    assert f"1 rows of {where}, sampled with the same program" in found["remove"]
    assert f"row 0 of {corpus}" in found["remove"]
    text = lines_of(fake_run, "seed90")
    assert "rejected     1 row by seeds, duplicate: same problem as the seed seed3" in text


def test_a_program_id_names_the_code_cot_and_the_samples_with_this_program(fake_run):
    programs = Path(fake_run.paths.shard("programs", "00000"))
    rows = list(read_rows(programs, Program))
    write_rows(programs, Program, [replace(rows[0], program_id="c3"), *rows[1:]])
    text = lines_of(fake_run, "c3")
    assert "problem      seed seed3" in text and "corpus       accepted, row 0 of" in text


def test_an_end_that_is_missing_is_a_gap(fake_run):
    folder = Path(fake_run.paths.checkpoint("codegen")).parent
    # qm is not the digest of the writer
    assert any("qm, which is no longer the digest of" in g for g in traced(fake_run, "q0").gaps)
    (folder / "checkpoint" / "weights").unlink()
    assert any("whose files are no longer at" in gap for gap in traced(fake_run, "q0").gaps)
    cots = Path(fake_run.paths.code_cots("families"))
    rows = list(read_rows(cots, CodeCoT))
    write_rows(cots, CodeCoT, [*rows[:4], replace(rows[4], seed_id="gone")])
    assert any("has no seed gone (1 are missing)" in gap for gap in traced(fake_run, "q0").gaps)
    vanished, altered = traced(fake_run, "seed4").gaps
    seeds = fake_run.paths.seeds("families")
    assert vanished == f"{seeds}: seed seed4 was neither converted nor rejected"
    assert altered.startswith(f"{cots}: its SHA-256 is ")
    Path(fake_run.paths.shard("checked", "00000")).unlink()
    with pytest.raises(UserError, match=r"checked/00000\.parquet: there is no such file"):
        traced(fake_run, "seed3")


def test_an_edited_row_is_a_gap_although_its_identity_is_the_same(fake_run):
    assert traced(fake_run, "seed3").gaps == []
    seeds = Path(fake_run.paths.seeds("families"))
    edited = [replace(row, licence="MIT") for row in read_rows(seeds, Seed)]
    write_rows(seeds, Seed, edited)
    for identity in ("seed3", "q0"):  # also where the row is not among the rows that are found
        gaps = traced(fake_run, identity).gaps
        assert sum(gap.startswith(f"{seeds}: its SHA-256 is ") for gap in gaps) == 1


def test_a_lost_or_torn_record_is_a_gap_of_every_trace(fake_run):
    """Without it the rows of its job are not found, and a take-down would look complete."""
    record = Path(fake_run.paths.provenance("unify", "families"))
    cots, whole = fake_run.paths.code_cots("families"), record.read_text()
    record.unlink()
    unknown = f"{cots}: no record says which job made it; "
    assert any(gap.startswith(unknown) for gap in traced(fake_run, "seed3").gaps)
    gap, *_, last = traced(fake_run, "c3").gaps  # the identity is in the rows of this job only
    assert "no row of its tables has the identity 'c3'" in gap and last.startswith(unknown)
    record.write_text(whole[:50])
    gaps = traced(fake_run, "seed3").gaps
    assert any(gap.startswith(f"{record}: not a provenance record, or torn") for gap in gaps)


def test_a_shard_that_was_made_again_is_a_gap(fake_run):
    file = Path(fake_run.paths.shard("questions", "00001"))
    rows = list(read_rows(file, Question))
    write_rows(file, Question, [question(replace_id(rows[0]), 99), *rows[1:]])
    (gap, *_, altered) = traced(fake_run, "s6").gaps
    assert gap.endswith("has no row of sample s6, and none was rejected; it is not as recorded")
    assert altered.startswith(f"{file}: its SHA-256 is ")
    record = Path(fake_run.paths.provenance("question", "00001"))
    outputs = load_record(record)["outputs"]
    (name,) = (name for name in outputs if "rejected" not in name and "replies" not in name)
    outputs[name] = sha256_of([file])[file]
    write_checked(record, {**load_record(record), "outputs": outputs})
    (gap, *_) = traced(fake_run, "s6").gaps
    assert "has no row of sample s6, and none was rejected; the shard was made again" in gap


def replace_id(row):
    return Verified("s99", "p99", row.shard, row.program, row.codegen, row.input, row.output)


def test_an_unfinished_run_is_traced_as_far_as_it_is(fake_run):
    for rule in ("judge", "check"):
        Path(fake_run.paths.provenance(rule, "00000")).unlink()
    judged = Path(fake_run.paths.shard("judged", "00000"))
    gap, *_ = traced(fake_run, "q0").gaps
    assert gap.startswith(f"{judged}: no record says which job made it")
    judged.unlink()
    text = lines_of(fake_run, "q0")
    assert "judge        not run yet" in text and "corpus  " not in text
    assert "2 jobs of the run have not run yet" in lines_of(fake_run, "seed3")


def test_the_first_digits_suffice_unless_they_are_those_of_several(fake_run):
    seeds = Path(fake_run.paths.seeds("families"))
    rows = list(read_rows(seeds, Seed))
    ids = ["abcd1111", "abcd2222"]
    write_rows(seeds, Seed, [replace(r, seed_id=i) for r, i in zip(rows, ids, strict=False)])
    assert "seed abcd1111 of families" in lines_of(fake_run, "abcd1")
    with pytest.raises(
        UserError, match="2 identities begin with 'abcd', such as abcd1111, abcd2222"
    ):
        traced(fake_run, "abcd")


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ("row:99", "has no row '99' among its 3 rows"),
        ("row:x", "has no row 'x' among its 3 rows"),
        ("zzz", "no row of its tables has the identity 'zzz'"),
        ("", "no row of its tables has the identity ''"),
        ("zzz.x", "no row of its tables has the identity 'zzz.x'"),
    ],
)
def test_a_missing_row_is_an_error(fake_run, identity, message):
    with pytest.raises(UserError, match=message):
        traced(fake_run, identity)


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no run was started there"):
        open_run(tmp_path)


def test_a_torn_record_is_a_sentence(fake_run):
    record = Path(fake_run.paths.provenance("judge", "00000"))
    record.write_text(record.read_text()[:50])
    run = open_run(Path(fake_run.paths.root))
    assert run.torn["judge", "00000"].startswith(f"{record}: not a provenance ")
    assert trace(run, "q0", every=False).gaps[0] == run.torn["judge", "00000"]


def test_the_command_escapes_control_characters_and_exits_with_1_for_a_gap(fake_run):
    path = Path(fake_run.paths.provenance("seeds", "families"))
    write_checked(path, load_record(path) | {"host": "node\x1b[31m"})
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/audit.py", "trace", fake_run.paths.root, "q0"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and "\x1b" not in done.stdout
    assert done.stderr.startswith("input error: question by qm, which is no longer the digest of ")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/audit.py", "trace", fake_run.paths.root, "seed3"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and "node\\u001b[31m" in done.stdout
