"""Jobs of a finished run that are executed again: two small scripts, real records."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.git import git

from caco.errors import UserError
from caco.models.manifest import open_checkpoint, write_manifest
from caco.reports.audit.job_folder import make_job_folder
from caco.reports.audit.rerun import Result, executed_jobs, rerun, scratch_folder, summary
from caco.reports.audit.rerun_checks import CHECKS, Check
from caco.reports.audit.show import show, show_text
from caco.rows.rejected import Rejected
from caco.rows.table import write_rows
from caco.runtime.atomic_files import write_text
from caco.runtime.chain import load_record
from caco.runtime.checksums import write_checked
from caco.workflow.stages import BY_NAME

ROOT = Path(__file__).parents[2]
RUN = Path("results/small")
SCRIPT = """
import time
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run

def main():
    job = Job(__doc__, rule="{rule}")
    job.reads("--rows", help="")
    job.writes("--out", help="")
    args = job.parse()
    rows = list(read_rows(args.rows, Rejected))
    # here
    write_rows(args.out, Rejected, rows)
    job.done()

run(main)
"""
TIMED = "import dataclasses; rows[3] = dataclasses.replace(rows[3], reason=str(time.time_ns()))"
UNORDERED = "by = {row.row_id: row for row in rows}; rows = [by[name] for name in set(by)]"


def script(checkout, rule, line="pass"):
    text = SCRIPT.replace("{rule}", rule).replace("# here", line)
    (checkout / f"scripts/{rule}.py").write_text(text)


def make_job(checkout, rule, identity, rows, out):
    """Runs a job as the workflow does; its record has the digest of its code as an argument."""
    record = checkout / RUN / f"provenance/{rule}/{identity}.json"
    subprocess.run(
        ["envs/python", "workflow", f"scripts/{rule}.py", "--rows", rows, "--out", out, "--spec",
         "{}", "--identity", identity, "--provenance", record.relative_to(checkout)],
        cwd=checkout, check=True, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    values = load_record(record)
    command = [*values["command"], "--code", values["code"]]
    write_checked(record, {**values, "command": command})


def plan(run, **jobs):
    write_checked(run / "jobs.json", {"jobs": jobs})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A checkout with a finished run: `seeds` reads a file beside it, and `check` these seeds."""
    base = tmp_path_factory.mktemp("finished")
    checkout = base / "checkout"
    for folder in ("scripts", "envs", f"{RUN}/seeds", f"{RUN}/checked"):
        (checkout / folder).mkdir(parents=True)
    shutil.copy(ROOT / "envs/python", checkout / "envs/python")
    (checkout / ".venvs").symlink_to(ROOT / ".venvs")
    (checkout / "scripts/caco").symlink_to(ROOT / "src/caco")
    (base / "data").mkdir()
    rows = [Rejected(str(n), "wrong", f"reason {n}", "{}") for n in range(20)]
    write_rows(base / "data/rows.parquet", Rejected, rows)
    for rule in ("seeds", "check"):
        script(checkout, rule)
    make_job(checkout, "seeds", "s", "../data/rows.parquet", f"{RUN}/seeds/s.parquet")
    for shard in ("00000", "00001"):
        make_job(
            checkout, "check", shard, f"{RUN}/seeds/s.parquet", f"{RUN}/checked/{shard}.parquet"
        )
    plan(checkout / RUN, seeds=["s"], embed=["00000", "00001"], check=["00000"])
    return base


@pytest.fixture
def checkout(tmp_path, finished, monkeypatch):
    """A copy of the checkout, as the working folder."""
    shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy/checkout")
    return tmp_path / "copy/checkout"


def execute(tmp_path, *stages, shards=1, seed=0):
    return list(rerun(RUN, tmp_path / "scratch", shards, stages or None, seed, steps=3))


def change(rule, identity, **values):
    path = RUN / f"provenance/{rule}/{identity}.json"
    write_checked(path, {**load_record(path), **values})


def test_equal_outputs_are_found_and_nothing_of_the_checkout_is_written(
    checkout, tmp_path, monkeypatch
):
    monkeypatch.setenv("CACO_CACHE", str(tmp_path / "cache"))

    def files():
        found = [path for path in sorted(checkout.rglob("*")) if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}

    plan(RUN, seeds=["s"], check=["00000", "00001"], embed=["00000", "00001"])
    before = files()
    seeds, *checks, embed = execute(tmp_path, shards=5)
    assert [one.result for one in (seeds, *checks)] == [Result.EQUAL] * 3
    assert [one.identity for one in checks] == ["00000", "00001"]
    assert [one.changes for one in (seeds, *checks)] == [[]] * 3
    assert embed.result is Result.NOT_CHECKED and "2 of 2 jobs" in embed.lines[0]
    assert summary([seeds, *checks, embed]) == [
        "3 jobs of 2 rules: 3 equal, 0 different, 0 not executed",
        "rules that are not checked: embed",
    ]
    assert files() == before and not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("printed", "code", "result"),
    [
        ("consistent: 64 rows", 0, Result.CONSISTENT),
        ("inconsistent: 64 rows", 1, Result.DIFFERENT),
        ("not scorable: a server", 0, Result.NOT_CHECKED),
        ("", 1, Result.NOT_EXECUTED),
    ],
)
def test_a_generating_job_is_scored(checkout, tmp_path, printed, code, result):
    lines = ["import sys", "print('the last error', file=sys.stderr)"]
    if printed:
        lines.append(f"print(f'{{sys.argv[1]}}: {printed}')")
    (checkout / "scripts/prove.py").write_text("\n".join([*lines, f"sys.exit({code})"]))
    sampled = RUN / "provenance/sample/00000.json"
    sampled.parent.mkdir()
    values = {**load_record(RUN / "provenance/check/00000.json"), "rule": "sample"}
    write_checked(sampled, values)
    plan(RUN, sample=["00000"])
    (one,) = execute(tmp_path)
    assert (one.rule, one.result) == ("sample", result)
    assert one.reasons == [printed.removeprefix("consistent: ") or "the last error"]
    failed = result in (Result.DIFFERENT, Result.NOT_EXECUTED)
    assert executed_jobs([one])[1] == [f"sample {one.identity}"] * failed
    # Nothing is scored that is not as recorded.
    output = RUN / "checked/00000.parquet"
    whole = output.read_bytes()
    output.write_bytes(whole + b"?")
    (other,) = execute(tmp_path)
    assert other.result is Result.NOT_EXECUTED
    assert other.reasons[0].startswith(f"{output}: its SHA-256 is ")
    output.write_bytes(whole)
    (file,) = (RUN / "seeds").iterdir()
    file.write_bytes(file.read_bytes() + b"?")
    (other,) = execute(tmp_path)
    assert other.result is Result.NOT_EXECUTED
    assert other.reasons[0].startswith(f"{file}: its SHA-256 is ")


def test_the_seed_chooses_the_jobs(checkout, tmp_path):
    shards = [f"{n:05d}" for n in range(50)]
    plan(RUN, check=shards[10:])  # they have no record

    def drawn(seed):
        return [one.identity for one in execute(tmp_path, "check", shards=3, seed=seed)]

    assert drawn(1) == drawn(1) == sorted(drawn(1))
    assert len(set(drawn(1))) == 3 and set(drawn(1)) < set(shards)
    assert len({tuple(drawn(seed)) for seed in range(10)}) > 5


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (TIMED, "checked/00000.parquet: row 3 (from 0), column `reason`: 'reason 3' is now '"),
        (UNORDERED, "column `row_id`: "),
    ],
)
def test_a_script_that_gives_other_rows_is_found(checkout, tmp_path, monkeypatch, line, expected):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    script(checkout, "check", line)
    (one,) = execute(tmp_path, "check")
    assert one.result is Result.DIFFERENT
    (reason,) = one.reasons
    assert expected in reason
    assert ("the rows are the same in another order" in reason) == (line == UNORDERED)
    (changed,) = one.changes
    assert changed.startswith("code digest ") and " is now " in changed
    assert f"  {reason}" in one.lines and f"  {changed}" in one.lines


@pytest.mark.parametrize("line", [TIMED, UNORDERED])
def test_a_rule_that_is_not_deterministic_is_called_so(checkout, tmp_path, monkeypatch, line):
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # as when the job was recorded: of no effect
    script(checkout, "check", line)
    make_job(checkout, "check", "00000", f"{RUN}/seeds/s.parquet", f"{RUN}/checked/00000.parquet")
    (one,) = execute(tmp_path, "check")
    assert (one.result, one.changes) == (Result.DIFFERENT, [])
    assert "the rule is not deterministic" in one.lines[-1]


def test_packages_commit_and_machine_that_differ_are_named(checkout, tmp_path):
    versions = load_record(RUN / "provenance/seeds/s.json")["versions"]
    older = {**versions, "numpy": "1.0", "vllm": "0.9"}
    change("seeds", "s", versions=older, commit="abc", host="node7")
    for command in ("init --quiet", "add --all", "commit --quiet --message x"):
        git(Path.cwd(), *command.split())
    commit = git(Path.cwd(), "rev-parse", "HEAD")
    (one,) = execute(tmp_path, "seeds")
    assert one.result is Result.EQUAL
    assert one.changes == [
        f"numpy 1.0 is now {versions['numpy']}", "vllm 0.9 is now absent",
        f"commit abc is now {commit}", f"host node7 is now {os.uname().nodename}",
    ]  # fmt: skip
    assert summary([one])[0] == f"notice: {one.changes[0]} (every equal job)"


def test_a_rule_of_another_version_is_listed(checkout, tmp_path):
    plan(RUN, compile=["a", "b"])
    (one,) = execute(tmp_path)
    assert one.result is Result.NOT_CHECKED
    assert one.lines[0].endswith("not checked: this version of the workflow has no such rule")


def test_a_restored_record_is_executed_and_says_what_is_unknown(checkout, tmp_path):
    change("seeds", "s", restored=True, versions={}, commit=None, host="unknown")
    (one,) = execute(tmp_path, "seeds")
    assert one.result is Result.EQUAL
    assert one.changes == [
        "the record was restored, so packages, commit and machine of the job are unknown"
    ]


def damage(checkout):
    file = RUN / "seeds/s.parquet"
    file.write_bytes(file.read_bytes() + b"?")


def remove_input(checkout):
    (RUN / "seeds/s.parquet").unlink()


def tear_record(checkout):
    (RUN / "provenance/check/00000.json").write_text("{}")


def remove_environment(checkout):
    (checkout / ".venvs").unlink()


def remove_command(checkout):
    change("check", "00000", command=None)


def break_script(checkout):
    script(checkout, "check", "raise SystemExit('input error: no')")


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        (damage, "results/small/seeds/s.parquet: its SHA-256 is "),
        (remove_input, "results/small/seeds/s.parquet: there is no such file"),
        (tear_record, "results/small/provenance/check/00000.json: not a provenance record"),
        (remove_environment, "`cluster error: .venvs/workflow: there is no such environment; run"),
        (remove_command, "results/small/provenance/check/00000.json: the record has no command"),
        (
            break_script,
            "recorded at commit unknown: not a git repository, exited with code 1 and printed `inp",
        ),
    ],
)
def test_what_cannot_be_executed_is_one_sentence(checkout, tmp_path, planted, sentence):
    planted(checkout)
    (one,) = execute(tmp_path, "check")
    assert one.result is Result.NOT_EXECUTED
    (reason,) = one.reasons
    assert sentence in reason and "\n" not in reason


def test_an_input_from_outside_of_the_run_must_be_the_one_that_was_read(checkout, tmp_path):
    write_rows(Path("../data/rows.parquet"), Rejected, [])
    (one,) = execute(tmp_path, "seeds")
    (reason,) = one.reasons
    assert one.result is Result.NOT_EXECUTED
    assert reason.startswith("../data/rows.parquet: its SHA-256 is ")


def test_an_output_of_the_run_that_is_damaged_too_is_not_compared_by_row(checkout, tmp_path):
    script(checkout, "check", TIMED)
    (RUN / "checked/00000.parquet").write_bytes(b"")
    (one,) = execute(tmp_path, "check")
    (reason,) = one.reasons
    assert "the file of the run is not as recorded" in reason


def test_an_output_that_is_altered_in_the_run_is_not_equal(checkout, tmp_path):
    file = RUN / "checked/00000.parquet"
    file.write_bytes(file.read_bytes() + b"?")
    (one,) = execute(tmp_path, "check")
    assert one.result is Result.DIFFERENT
    (reason,) = one.reasons
    assert reason.startswith(f"{file}: its SHA-256 is ") and "job `check 00000`" in reason
    assert one.changes == ["the job writes what its record says, so the run was changed since"]


def test_the_folder_of_a_job_has_the_files_of_a_manifest_and_those_of_other_runs(
    checkout, tmp_path
):
    manifest = RUN / "data_sets/hub/manifest.json"
    write_text(manifest.parent / "files/part/rows.jsonl", "{}")
    write_manifest(manifest, manifest.parent / "files")
    write_text(Path("results/other/rows.jsonl"), "[]")
    values = load_record(RUN / "provenance/seeds/s.json")
    values["inputs"] = {str(manifest): "", "results/other/rows.jsonl": ""}
    made = make_job_folder(tmp_path / "job", values, RUN)
    files = open_checkpoint(made.work / manifest).folder
    assert (files / "part/rows.jsonl").read_text() == "{}"
    assert files.is_relative_to(made.work)
    assert (made.work / "results/other/rows.jsonl").read_text() == "[]"
    assert not (made.work / RUN / "seeds").exists()


def test_wrong_arguments_are_one_sentence(checkout, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="--stage verfy: results/small has no such rule; it has"):
        execute(tmp_path, "verfy")
    for folder, why in ((RUN / "new", "in the folder of the run"), (Path("envs"), "not an empty")):
        with pytest.raises(UserError, match=why), scratch_folder(folder, RUN):
            pass
    run = RUN.absolute()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="this is no checkout"):
        list(rerun(run, tmp_path / "scratch", 1, None, 0, 3))


def test_every_rule_has_a_check_or_a_reason():
    assert list(CHECKS) == list(BY_NAME)
    for rule, known in CHECKS.items():
        stage = BY_NAME[rule]
        writes_text = stage.generates and not rule.startswith("embed")
        assert (known.check is Check.SCORED) == writes_text
        assert (known.check is Check.TRAINING) == stage.trains
        scored = known.check is Check.SCORED
        assert known.not_checked is not None or scored or stage.environment is not None


def test_a_checkout_that_is_read_only_can_be_audited(checkout):
    mount = "mount --bind . . && mount -o remount,ro,bind . && cd $PWD && ! touch x 2> /dev/null"
    audit = shlex.join([sys.executable, str(ROOT / "scripts/audit.py")])
    plan(RUN, seeds=["s"], check=["00000"])
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-ec",
         f"{mount}; {audit} rerun {RUN} --stage seeds --seed 1; {audit} verify {RUN}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 jobs of 1 rules: 1 equal" in done.stdout
    notice = f"notice: {RUN}: not writable, so `show` has no time of this"
    assert done.stdout.splitlines().count(notice) == 2


def test_the_script_prints_the_jobs_and_show_remembers_them(checkout, tmp_path):
    def call(*args):
        return subprocess.run(
            [sys.executable, ROOT / "scripts/audit.py", *args], capture_output=True, text=True
        )

    plan(RUN, seeds=["s"], check=["00000"])
    assert "no job was executed again; type `python" in show_text(show(RUN))
    done = call("rerun", RUN, "--stage", "seeds", "--seed", "3", "--scratch", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "1 jobs of 1 rules: 1 equal, 0 different, 0 not executed", "seed: 3",
    ]  # fmt: skip
    assert (tmp_path / "kept/seeds/s/above/checkout/results/small/seeds/s.parquet").is_file()
    assert "1 job proven at the last rerun, 20" in show_text(show(RUN))
    script(checkout, "seeds", TIMED)
    assert call("rerun", RUN, "--stage", "seeds").returncode == 1
    assert "other outputs or none: seeds s\n" in f"{show_text(show(RUN))}\n"
    change("check", "00000", code="other")
    assert "the run has changed since jobs were executed again, 20" in show_text(show(RUN))
