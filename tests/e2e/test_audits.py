"""The trace of every row of a complete run, and the difference of two complete runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from caco.reports.audit.diff import diff
from caco.reports.audit.trace import trace
from caco.reports.run_files import Run, open_run, tables
from caco.rows.table import read_columns
from tests.e2e.loop import CORES, Loop, tiny_config, uninterrupted


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """A finished run that was not interrupted."""
    return uninterrupted(tmp_path_factory)


@pytest.fixture(scope="module")
def run(loop: Loop) -> Run:
    """Its records."""
    return open_run(loop.results)


def ids(run: Run, folder: str, column: str) -> list[str]:
    """Returns the identities in the files of a folder."""
    return [
        str(value)
        for name, _ in tables(run)
        if name.startswith(f"{folder}/")
        for value in read_columns(run.path(name), (column,))[column].to_pylist()
    ]


def test_every_row_of_the_corpus_is_traced_to_its_seeds(run: Run) -> None:
    rows = ids(run, "corpus", "question_id")
    assert rows
    code_cots = len(ids(run, "code_cots", "seed_id"))
    for question in rows:
        found = trace(run, question)
        assert found.gaps == []
        text = "\n".join(found.lines)
        for line in (
            "corpus       accepted, ",
            "student      trained on it",
            "export       has it",
        ):
            assert line in text
        assert "trained on   by codegen and writer:" in text
        assert sum(int(s.split()[0]) for s in found.lines if " Code CoTs, " in s) == code_cots


def test_every_seed_is_traced_to_all_that_depends_on_it(run: Run) -> None:
    converted = set(ids(run, "code_cots", "seed_id"))
    for seed in ids(run, "seeds", "seed_id"):
        found = trace(run, seed)
        assert found.gaps == []
        retrained = [s.split()[1] for s in found.lines if s.startswith("retrain ")]
        if seed not in converted:
            assert retrained == ["nothing:"]
            continue
        assert [Path(name).parent.name for name in retrained[:2]] == ["codegen", "writer"]
        assert retrained[2:] == ["student,"]
        again = {s.split()[2].strip(",:") for s in found.lines if s.startswith("make again ")}
        after = {"sample", "verify", "question", "solution", "judge", "check", "corpus", "export",
                 "answer", "grade", "scores", "report"}  # fmt: skip
        assert again == after


def test_every_rejected_row_is_traced_to_its_verdict(run: Run) -> None:
    for name, job in tables(run):
        if name.startswith("rejected/"):
            for row in read_columns(run.path(name)).to_pylist():
                found = trace(run, row["row_id"])
                assert found.gaps == []
                text = "\n".join(found.lines)
                assert row["verdict"] in text and job[0] in text, row["row_id"]


def test_a_changed_key_of_the_grader_leaves_every_answer_and_grade_equal(
    loop: Loop, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(loop.folder, folder, symlinks=True)
    config = tiny_config()
    config["bench"]["grader_timeout_s"] = 33.0
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    profile = ("--profile", "profiles/local", "--cores", str(CORES), "--until", "grade")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *profile], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = {a.question: a.lines for a in diff(run, open_run(folder / "results/tiny"))}
    (changed, *further) = found["What changed?"]
    assert changed.startswith("bench.grader_timeout_s: ") and changed.endswith(" -> 33.0  (grade)")
    assert further == []
    assert found["Where does it first show?"] == [
        "nowhere: every output that both runs have is equal, by the digests in the records"
    ]
    equal = found["Which stages are equal, bit for bit?"]
    assert f"grade: 2 files, although it changed: {changed}" in equal
    assert {line.partition(":")[0] for line in equal} >= {"sample", "student", "answer"}
