"""The chain of records of a complete run: its audit, and the restoration of lost records."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caco.rows.table import check_rows
from caco.runtime.chain import load_record, record_digest
from tests.e2e.loop import CORES, uninterrupted

TRAINS = ("codegen", "writer", "student")


@pytest.fixture
def copy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of a finished run."""
    folder = tmp_path / "copy"
    shutil.copytree(uninterrupted(tmp_path_factory).folder, folder, symlinks=True)
    return folder


def call(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], cwd=folder, capture_output=True, text=True)


def planned(folder: Path) -> str:
    """Returns what a dry run prints."""
    profile = ("--profile", "profiles/local", "--cores", str(CORES))
    done = call(folder, "-m", "snakemake", *profile, "--dry-run")
    return done.stdout + done.stderr


def test_every_lost_record_is_restored_and_no_job_runs_again(copy: Path) -> None:
    audited = call(copy, "scripts/audit.py", "verify", "results/tiny")
    assert audited.returncode == 0, audited.stderr
    printed = call(copy, "scripts/funnel.py", "results/tiny").stdout
    assert audited.stdout.splitlines()[-1] in printed.splitlines()
    records = sorted((copy / "results/tiny/provenance").glob("*/*.json"))
    lost = {path: load_record(path) for path in records}
    for n, path in enumerate(records):
        if n % 2:
            path.unlink()
        else:
            whole = path.read_bytes()
            path.write_bytes(whole[: len(whole) * n // len(records)])
    assert "Nothing to be done" not in planned(copy)
    restored = call(copy, "scripts/restore.py", "results/tiny")
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.count("restored results/tiny/provenance/") == len(records)
    assert "Nothing to be done" in planned(copy)
    for path, before in lost.items():
        now = load_record(path)
        assert now["restored"] is True and record_digest(now) == record_digest(before)
        same = ["record", "inputs", "outputs", "made_by", "spec", "code", "seed", "command"]
        if path.parent.name not in TRAINS:
            same.append("rows")
        assert {k: now[k] for k in same} == {k: before[k] for k in same}
    again = call(copy, "scripts/audit.py", "verify", "results/tiny")
    assert (again.returncode, again.stdout) == (0, audited.stdout)


def test_a_record_is_not_restored_from_a_damaged_shard(copy: Path) -> None:
    shard = copy / "results/tiny/programs/00000.parquet"
    check_rows(shard)
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    shard.write_bytes(damaged)
    record = copy / "results/tiny/provenance/sample/00000.json"
    record.unlink()
    done = call(copy, "scripts/restore.py", "results/tiny")
    assert done.returncode == 1 and not record.exists()
    # A flip that leaves the rows as they are is found by the digest that a later job has recorded.
    assert "results/tiny/programs/00000.parquet" in done.stderr


def test_jobs_that_are_executed_again_have_the_same_outputs(copy: Path) -> None:
    """One rule of each environment, a checkpoint, a folder and the page; the others are similar."""
    rules = ("model", "verify", "export", "report")
    done = call(copy, "scripts/audit.py", "rerun", "results/tiny", "--stage", *rules)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines if "bit-identical equal" in line] == list(rules)
    # Neither code nor packages nor machine have changed since the run.
    assert lines[4] == "4 jobs of 4 rules: 4 equal, 0 different, 0 not executed"


def test_the_audit_lists_altered_inputs_and_weights(copy: Path) -> None:
    (copy / "jars.jsonl").write_text("{}\n")
    checkpoint = copy / "results/tiny/student"
    name = max(json.loads((checkpoint / "manifest.json").read_text())["files"])
    file = next(checkpoint.rglob(name))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    done = call(copy, "scripts/audit.py", "verify", "results/tiny")
    assert done.returncode == 1
    assert "input error: jars.jsonl: its SHA-256 is " in done.stderr
    assert f"input error: {file.relative_to(copy)}: " in done.stderr
