"""The audit of a finished run, and the restoration of its records."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caco.reports.audit.verify import audit
from caco.reports.planning.restore import MadeJob, restore
from caco.reports.records import planned_records, read_records, root_of
from caco.rows.seed import Seed
from caco.rows.table import write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import load_record, record_digest, write_record
from caco.runtime.checksums import read_checked, write_checked
from caco.runtime.heartbeat import heartbeat_file

ROOT = Path(__file__).parents[2]
UNKNOWN = {
    "restored", "versions", "commit", "host", "kernel", "gpus", "slurm", "started", "ended",
    "seconds", "starts", "requested", "used", "command", "machine", "environment",
    "changes", "long_values",
}  # fmt: skip


def folder(run):
    return Path(run.paths.root)


def flip(path, at=-1):
    damaged = bytearray(path.read_bytes())
    damaged[at] ^= 1
    path.write_bytes(damaged)


def test_an_untouched_run_has_no_difference(judged_run):
    found = audit(folder(judged_run))
    assert found.differences == [] and found.notices == []
    assert found.root == root_of(read_records(judged_run.records))


def test_every_altered_or_missing_output_is_listed(fake_run):
    for record in read_records(fake_run.records):
        for file in record.outputs:
            whole = file.read_bytes()
            flip(file, len(whole) // 2)
            (listed, *_) = audit(folder(fake_run)).differences
            assert listed.startswith(f"{file}: its SHA-256 is ") and f"type `rm {file}`" in listed
            file.unlink()
            (listed, *_) = audit(folder(fake_run)).differences
            assert listed.startswith(f"{file}: there is no such file, but job `")
            file.write_bytes(whole)
    assert audit(folder(fake_run)).differences == []


def test_an_altered_file_of_a_checkpoint_is_listed(fake_run):
    weights = folder(fake_run) / "student/checkpoint/weights"
    flip(weights)
    (listed,) = audit(folder(fake_run)).differences
    assert listed.startswith(f"{weights}: its SHA-256 is ")


def test_an_altered_record_is_listed(fake_run):
    record = Path(fake_run.paths.provenance("verify", "00001"))
    raw = json.loads(record.read_text())
    record.write_text(json.dumps(raw | {"code": "other"}, indent=1, sort_keys=True) + "\n")
    found = audit(folder(fake_run))
    assert found.root is None
    (listed,) = found.differences
    assert listed.startswith(f"{record}: not a provenance record, or torn, changed or of ")


def test_the_script_lists_differences_or_prints_the_root(fake_run):
    def script():
        return subprocess.run(
            [sys.executable, ROOT / "scripts/audit.py", "verify", fake_run.paths.root],
            capture_output=True, text=True,
        )  # fmt: skip

    done = script()
    digest = root_of(read_records(fake_run.records))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"files are as recorded\nRoot digest: {digest}\n")
    flip(Path(fake_run.paths.corpus()))
    done = script()
    assert done.returncode == 1 and "Root" not in done.stdout
    assert done.stderr.startswith(f"input error: {fake_run.paths.corpus()}: its SHA-256 is ")


def test_another_row_changes_the_root(fake_run):
    before = root_of(read_records(planned_records(folder(fake_run))))
    path = Path(fake_run.paths.shard("verified", "00001"))
    record = load_record(Path(fake_run.paths.provenance("verify", "00001")))
    write_rows(path, Verified, [])
    fake_run.record("verify", "00001", map(Path, record["outputs"]), record["inputs"], None)
    fake_run.records.pop()
    assert root_of(read_records(planned_records(folder(fake_run)))) != before


def made_by_snakemake(path: Path) -> MadeJob:
    """Returns a job of the run as Snakemake would list it."""
    record = load_record(path)
    command = ["envs/python", "x", f"scripts/{record['rule']}.py"]
    for n, file in enumerate([*record["inputs"], *record["outputs"]]):
        command += [f"--file-{n}", file]
    command += ["--spec", json.dumps(record["spec"]), "--code", record["code"]]
    command += ["--identity", record["identity"], "--provenance", str(path)]
    return MadeJob(
        record["rule"], path, tuple(map(Path, record["outputs"])), tuple(record["inputs"]),
        shlex.join(command) + " 2>&1 | tee logs/x.log",
    )  # fmt: skip


@pytest.fixture
def jobs(fake_run):
    return [made_by_snakemake(path) for path in fake_run.records]


@pytest.mark.parametrize("torn", [False, True])
def test_lost_records_are_restored_as_they_were_except_for_mark_and_times(fake_run, jobs, torn):
    before = {path: load_record(path) for path in fake_run.records}
    for path in fake_run.records:
        if torn:
            path.write_text(path.read_text()[:200])
        else:
            path.unlink()
    # An input must exist before its reader's record: the order of the jobs does not matter.
    done = restore(reversed(jobs))
    assert sorted(done.records) == sorted(fake_run.records) and done.errors == []
    for path, lost in before.items():
        now = load_record(path)
        different = {name for name in now.keys() | lost.keys() if now.get(name) != lost.get(name)}
        assert now["restored"] is True
        # How many rows a training read is not in its outputs.
        assert different <= UNKNOWN, path
        assert record_digest(now) == record_digest(lost)
        assert path.stat().st_mtime_ns == max(Path(f).stat().st_mtime_ns for f in now["outputs"])
    assert audit(folder(fake_run)).differences == []


def test_whole_records_are_left_as_they_are(fake_run, jobs):
    before = {path: path.read_bytes() for path in fake_run.records}
    assert restore(jobs).records == []
    assert {path: path.read_bytes() for path in fake_run.records} == before


@pytest.mark.parametrize("lost", ["damaged", "missing", "other"])
def test_outputs_that_are_not_whole_restore_nothing(fake_run, jobs, lost):
    record = Path(fake_run.paths.provenance("seeds", "families"))
    file = Path(fake_run.paths.seeds("families"))  # `unify` has read it
    record.unlink()
    if lost == "damaged":
        flip(file, 20)
    elif lost == "missing":
        file.unlink()
    else:
        write_rows(file, Seed, [])
    done = restore(jobs)
    assert done.records == [] and not record.exists()
    (error,) = done.errors
    assert {"damaged": "damaged", "missing": "there is no such file", "other": "read a file"}[
        lost
    ] in str(error)
    assert str(file) in str(error)


def test_a_job_that_did_not_finish_or_whose_command_is_unknown_is_not_restored(fake_run, jobs):
    record = Path(fake_run.paths.provenance("verify", "00000"))
    job = next(job for job in jobs if job.record == record)
    record.unlink()
    (error,) = restore([MadeJob(job.rule, record, job.outputs, (), "")]).errors
    assert "Snakemake does not know which command made the outputs" in str(error)
    heartbeat_file(record).write_text("{}\n")
    (error,) = restore([job]).errors
    assert "a later start of its job has not finished" in str(error)


def test_a_record_is_not_restored_if_an_input_is_newer_than_the_outputs(fake_run, jobs):
    record = Path(fake_run.paths.provenance("unify", "families"))
    record.unlink()
    seeds = Path(fake_run.paths.seeds("families"))
    os.utime(seeds, (4e9, 4e9))
    (error,) = restore(jobs).errors
    assert f"its input {seeds} is newer than its outputs" in str(error)


def _put(run, *names):
    for name in names:
        file = folder(run) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)


def test_a_file_among_artefacts_that_no_record_names_is_a_fault(fake_run):
    root = folder(fake_run)
    one = ["programs/00009.parquet", "student/checkpoint/adapter_config.json"]
    many = [f"corpus/part-{n}.parquet" for n in range(1_234)]
    _put(fake_run, *one, *many)
    shutil.copy(fake_run.paths.provenance("verify", "00001"), root / "provenance/verify/00009.json")
    (root / "student/more").symlink_to(root / "student/checkpoint")
    *listed, last = sorted(audit(root).differences, key=lambda sentence: "1,234" in sentence)
    names = sorted([*one, "provenance/verify/00009.json", "student/more"])
    assert [sentence.partition(": no record names it, ")[0] for sentence in sorted(listed)] == [
        f"{root / name}" for name in names
    ]
    assert last.startswith(f"1,234 files ({root}/corpus/part-0.parquet, ")
    # A record is missing: only in a checkpoint it is certain that no job made the file.
    Path(fake_run.paths.provenance("verify", "00001")).unlink()
    found = audit(root)
    assert [one[1] in sentence for sentence in found.differences] == [False, True]
    assert any("can be told when every record is there" in notice for notice in found.notices)


def test_what_interrupted_jobs_and_people_leave_is_a_notice(fake_run):
    root = folder(fake_run)
    _put(
        fake_run, "note.txt", "figures/a.svg", "run.lock", "provenance/verify/00001.journal",
        "provenance/student/all.training/step-00000001/weights", "corpus/.train.parquet.12.part",
    )  # fmt: skip
    found = audit(root)
    assert found.differences == [] and len(found.notices) == 3
    assert f"2 files ({root}/figures/a.svg, {root}/note.txt): in no " in found.notices[0]


def test_files_of_jobs_of_an_earlier_config_are_a_notice_if_they_are_as_recorded(fake_run):
    root, jobs = folder(fake_run), Path(fake_run.paths.jobs())
    planned = read_checked(jobs)["jobs"]
    write_checked(jobs, {"jobs": {**planned, "report": [], "verify": planned["verify"][:1]}})
    for record in fake_run.records:  # and whatever has read the shard
        if record.parent.name in ("corpus", "question", "report"):
            values = load_record(record)
            inputs = {n: sha for n, sha in values["inputs"].items() if "/verif" not in n}
            write_record(record, {**values, "inputs": inputs})
    found = audit(root)
    earlier = [notice for notice in found.notices if "did not plan" in notice]
    assert len(earlier) == 1 and not [one for one in found.differences if "no record" in one]
    shard = root / "verified" / f"{planned['verify'][1]}.parquet"
    flip(shard)
    (fault,) = [one for one in audit(root).differences if "no record" in one]
    assert fault.startswith(f"{shard}: no record names it")


def test_row_counts_of_a_record_must_be_those_of_its_outputs(fake_run):
    path = Path(fake_run.paths.provenance("verify", "00001"))
    values = load_record(path)
    rows = {"in": 6, "accepted": 6, "rejected": {}}
    write_checked(path, values | {"rows": rows})
    found = audit(folder(fake_run))
    (listed,) = found.differences
    assert listed.startswith(
        f"{path}: records 6 rows in and 6 accepted, but its outputs have 6 and 4"
    )
    write_checked(path, values | {"rows": rows | {"in": 7}})
    found = audit(folder(fake_run))
    (listed,) = found.differences
    assert listed.startswith(f"{path}: records 7 rows in, but 6 accepted and 0 rejected; delete it")
    assert found.root is None


def test_what_a_lost_record_may_have_named_is_not_called_a_persons(fake_run):
    Path(fake_run.paths.provenance("student", "all")).unlink()
    (folder(fake_run) / "note.txt").write_text("mine")
    kinds = {notice.rpartition(": ")[2] for notice in audit(folder(fake_run)).notices
             if "student" in notice}  # fmt: skip
    assert kinds == {
        "in no record that is whole; whether a job of the run made them can be told when every "
        "record is there"
    }


def test_a_record_that_was_copied_over_another_is_named(fake_run):
    first, second = (Path(fake_run.paths.provenance("verify", f"0000{n}")) for n in (0, 1))
    shutil.copy(first, second)
    found = audit(folder(fake_run))
    assert found.differences[0].startswith(f"{second}: the record of job `verify 00000`, copied ")
