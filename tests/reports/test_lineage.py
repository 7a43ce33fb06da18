import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from caco.errors import UserError
from caco.reports.lineage import find_row, lineage, open_run
from caco.reports.records import read_records, root_of
from caco.rows.corpus import CorpusRow
from caco.rows.rlvr import RlvrRow
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.stages.export.dataset import questions

ROOT = Path(__file__).parents[2]


def lines_of(run, question=None, row=None):
    made = open_run(Path(run.paths.root))
    return "\n".join(lineage(made, *find_row(made, question, row)))


def test_a_row_is_traced_back_to_the_licence_of_its_seeds(fake_run):
    text = lines_of(fake_run, row=2)
    assert "corpus row   2 of" in text
    assert "question q6" in text
    for step in ("judged", "solutions", "questions", "verified", "programs"):
        assert f"row 0 of {fake_run.paths.shard(step, '00001')}" in text
    assert "sample s6, index 6, seed 7" in text
    assert f"{fake_run.paths.checkpoint('codegen')}\n" in text
    assert "unify        families: 5 of 7 rows accepted" in text
    assert "7 seeds of families, licence Apache-2.0" in text
    assert "node7, commit abc123" in text


def test_a_row_of_several_variants_names_its_own_question_and_its_llm_judge(judged_run):
    text = lines_of(judged_run, row=0)
    assert "question q0.1\n" in text
    assert "variant 1, style on a farm" in text
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
    text = lines_of(fake_run, row=0)
    assert lines_of(fake_run, question=f"{of_second[0].question_id}.2") == text
    with pytest.raises(UserError, match=r"has no question q0\.1 among"):
        lines_of(fake_run, question="q0.1")
    assert "solution variant 2" in text
    for step in ("solutions", "judged", "checked"):
        assert f"row 2 of {fake_run.paths.shard(step, '00000')}" in text
    assert f"row 0 of {fake_run.paths.shard('questions', '00000')}" in text


def test_a_row_with_a_pass_rate_names_its_answers_and_their_model(fake_run):
    corpus = Path(fake_run.paths.corpus())
    assert "pass rate" not in lines_of(fake_run, row=0)
    rows = [
        replace(row, pass_rate=0.25, pass_rate_answers=8, pass_rate_model="md")
        for row in read_rows(corpus, CorpusRow)
    ]
    write_rows(corpus, CorpusRow, rows)
    text = lines_of(fake_run, row=0)
    assert "pass rate 0.25, of 8 answers\n" in text
    assert "rollout by   md" in text


def test_a_question_is_found_by_a_prefix_of_its_identity(fake_run):
    made = open_run(Path(fake_run.paths.root))
    assert find_row(made, "q1", None)[0] == 1


def test_a_row_of_the_export_is_found_by_its_question(fake_run, tmp_path):
    """The identity is the one that its reader has; the corpus stays the source of the lineage."""
    corpus = Path(fake_run.paths.corpus())
    rows = list(questions(read_rows(corpus, CorpusRow)))
    write_rows(Path(fake_run.paths.exported("rlvr")), RlvrRow, rows)
    loaded = pq.read_table(fake_run.paths.exported("rlvr")).to_pylist()
    for number, row in enumerate(loaded):
        text = lines_of(fake_run, question=row["question_id"])
        assert f"corpus row   {number} of" in text and f"program {row['program_id']}\n" in text


def test_a_checkpoint_that_was_replaced_or_deleted_is_reported(fake_run):
    folder = Path(fake_run.paths.checkpoint("codegen")).parent
    assert "which is no longer the digest of" in lines_of(
        fake_run, row=0
    )  # the writer: qm is not its digest
    (folder / "checkpoint" / "weights").unlink()
    assert "whose files are no longer at" in lines_of(fake_run, row=0)


def test_a_missing_row_is_an_error(fake_run):
    made = open_run(Path(fake_run.paths.root))
    with pytest.raises(UserError, match="has no row 99 among its 3 rows"):
        find_row(made, None, 99)
    with pytest.raises(UserError, match="has no question zzz"):
        find_row(made, "zzz", None)


def test_a_shard_that_was_made_again_is_an_error(fake_run):
    other = Path(fake_run.paths.shard("programs", "00001"))
    Path(fake_run.paths.shard("programs", "00000")).replace(other)
    with pytest.raises(UserError, match=r"programs/00001\.parquet: has no row of sample s6"):
        lines_of(fake_run, row=2)


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(UserError, match="contains no provenance records"):
        open_run(tmp_path)


def script(name, *args):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, args)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_scripts_work_on_a_run(fake_run, tmp_path):
    files, root = fake_run.files(), fake_run.paths.root
    made = script(
        "report", "--records", *files.records, "--rows", *files.rows, "--corpus", files.corpus,
        "--losses", *files.losses, "--scores", files.scores,
        "--funnel", fake_run.paths.funnel(), "--report", fake_run.paths.report(),
        "--spec", '{"run": "tiny"}', "--provenance", fake_run.paths.provenance("report", "all"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    golden = (Path(__file__).parent / "funnel.txt").read_text()
    printed = script("funnel", root).stdout
    assert printed.startswith(f"{golden}\neasy, base: 1 of 4 right, 25.0% (4.6 to 69.9)")
    assert "\neasy, student minus base: +50.0 points" in printed
    digest = root_of(read_records(fake_run.records))
    assert printed.endswith(f"\nRoot digest: {digest}\nReport: {fake_run.paths.report()}\n")
    assert digest in Path(fake_run.paths.report()).read_text()
    printed = script("lineage", "--run", root, "--row", 0)
    assert printed.returncode == 0, printed.stderr
    assert "licence Apache-2.0" in printed.stdout
    assert script("lineage", "--run", root, "--question", "zzz").returncode == 1


def test_a_damaged_file_is_one_error_message(fake_run):
    files = fake_run.files()
    files.corpus.write_bytes(b"broken")
    made = script(
        "report", "--records", *files.records, "--rows", *files.rows, "--corpus", files.corpus,
        "--losses", *files.losses, "--scores", files.scores,
        "--funnel", fake_run.paths.funnel(), "--report", fake_run.paths.report(),
        "--spec", '{"run": "tiny"}', "--provenance", fake_run.paths.provenance("report", "all"),
    )  # fmt: skip
    assert made.returncode == 1
    assert made.stderr.startswith(f"input error: {files.corpus}: its SHA-256 is ")
    assert len(made.stderr.splitlines()) == 1
    assert not Path(fake_run.paths.report()).exists()
