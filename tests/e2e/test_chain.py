"""The chain of records of a complete run: its audit, and the restoration of lost records."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caco.rows.table import check_rows
from caco.runtime.chain import load_record, record_digest
from caco.runtime.kept import LONGEST_RECORD, kept_files
from tests.e2e.loop import CORES, LINKS, ROOT
from tests.reports.flipped_bits import HIDING, KINDS, files_of

TRAINS = ("codegen", "writer", "student")


def call(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], cwd=folder, capture_output=True, text=True)


def _kept(records: list[Path]) -> set[str]:
    """Returns the names of the kept files that records name."""
    return {name for record in records for name in kept_files(json.loads(record.read_text()))}


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
    kept = _kept(records)
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
    assert again.returncode == 0, again.stderr
    # Which packages the job of a lost record had is not known, so no record names their list.
    files, root = audited.stdout.splitlines()
    named = int(files.split()[0]) - len(kept) + len(_kept(records))
    *notices, counted, same_root = again.stdout.splitlines()
    assert (counted, same_root) == (f"{named} files are as recorded", root)
    assert all(line.endswith(": of records that were written again since") for line in notices)


def jobs_in(printed: str) -> dict[str, int]:
    """Returns the number of jobs of each rule that a dry run lists."""
    return {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", printed, re.MULTILINE)}


@pytest.fixture
def moved(copy: Path, tmp_path: Path) -> Path:
    """A fresh checkout with a copy of the results, of which the files have other times."""
    folder = tmp_path / "moved"
    folder.mkdir()
    for name in LINKS:
        (folder / name).symlink_to(ROOT / name)
    for name in ("config.yaml", "jars.jsonl"):
        shutil.copyfile(copy / name, folder / name)
    for name in ("model", "results"):
        shutil.copytree(copy / name, folder / name, copy_function=shutil.copyfile)
    # The last files of the data are the oldest.
    for n, file in enumerate(sorted((folder / "results").rglob("*.*"))):
        os.utime(file, (1.7e9 - n, 1.7e9 - n))
    return folder


def test_a_moved_run_is_known_again_but_for_altered_files(copy: Path, moved: Path) -> None:
    shard, seeds = moved / "results/tiny/judged/00001.parquet", moved / "jars.jsonl"
    whole = {file: file.read_bytes() for file in (shard, seeds)}
    for file, content in whole.items():
        file.write_bytes(content[:-1] + b"?")
        os.utime(file, (1.6e9, 1.6e9))
    done = call(moved, "scripts/restore.py", "results/tiny")
    altered, other = done.stderr.splitlines()
    assert done.returncode == 1 and "Snakemake knows 27 jobs again" in done.stdout
    assert altered.startswith("input error: jars.jsonl: its SHA-256 is ")
    assert other.startswith("input error: results/tiny/judged/00001.parquet: its SHA-256 is ")
    assert jobs_in(planned(moved)).keys() >= {"seeds", "unify", "codegen", "judge", "student"}

    # Settings and code are those of the records, not those of the checkout.
    for file, content in whole.items():
        file.write_bytes(content)
    code = moved / "other"
    shutil.copytree(ROOT / "src", code, ignore=shutil.ignore_patterns("__pycache__"))
    card = code / "caco/stages/export/card.py"
    card.write_text(card.read_text().replace('"reasoning", "code"', '"code", "reasoning"'))
    config = (moved / "config.yaml").read_text()
    for folder in (copy, moved):
        (folder / "src").unlink()
        (folder / "src").symlink_to(code)
        changed = config.replace("max_new_tokens: 40", "max_new_tokens: 41")
        (folder / "config.yaml").write_text(changed)
    done = call(moved, "scripts/restore.py", "results/tiny")
    assert (done.returncode, done.stderr) == (0, "")
    with ThreadPoolExecutor() as pool:
        here, there = map(jobs_in, pool.map(planned, (moved, copy)))
    assert here == there
    assert here == {
        "answer": 2, "grade": 2, "scores": 1, "export": 1, "report": 1, "all": 1, "total": 8,
    }  # fmt: skip

    (moved / "src").unlink()
    (moved / "src").symlink_to(ROOT / "src")
    (moved / "config.yaml").write_text(config)
    assert "Nothing to be done" in planned(moved)
    # Snakemake compares the times of files above 1 MB, which this run does not have.
    for record in (moved / "results/tiny/provenance").glob("[!p]*/*.json"):
        read, made = (load_record(record)[files] for files in ("inputs", "outputs"))
        oldest = min((moved / file).stat().st_mtime for file in made)
        assert all((moved / file).stat().st_mtime <= oldest for file in read), record


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
    equal = ("model", "verify", "export", "report")
    proven = ("codegen", "sample", "question")  # `solution` is proven as `question` is
    done = call(copy, "scripts/audit.py", "rerun", "results/tiny", "--stage", *proven, *equal)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines if "bit-identical equal" in line] == list(equal)
    # Neither code nor packages nor machine have changed since the run.
    said = {line.split()[0]: lines[n + 1] for n, line in enumerate(lines) if "consistent  " in line}
    assert tuple(said) == proven
    assert " of its own rows, " in said["codegen"]
    for rule in proven[1:]:
        assert " rows, " in said[rule] and " 0 tokens cannot have been drawn" in said[rule]
        assert "rows altered" not in said[rule]
    assert lines[-2] == "7 jobs of 7 rules: 4 equal, 3 consistent, 0 different, 0 not executed"


def test_the_audit_lists_altered_inputs_and_every_altered_file(copy: Path) -> None:
    """Records, manifests and `jobs.json` are left out: without them other files have no digest."""
    (copy / "jars.jsonl").write_text("{}\n")
    files = files_of(copy / "results/tiny")
    assert set(files) <= KINDS
    altered = [file for kind in KINDS - HIDING - {"jobs"} for file in files.get(kind, ())]
    assert len(altered) > 60
    for file in altered:
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = call(copy, "scripts/audit.py", "verify", "results/tiny")
    assert done.returncode == 1
    for file in (Path("jars.jsonl"), *(file.relative_to(copy) for file in altered)):
        assert f"input error: {file}: its SHA-256 is " in done.stderr
    assert all(record.stat().st_size <= LONGEST_RECORD for record in files["record"])
