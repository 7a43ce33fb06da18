"""What was run, answered from the records of a run."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from caco.reports.audit.show import show, show_text
from caco.reports.records import read_records, root_of
from caco.runtime.chain import load_record
from caco.runtime.checksums import write_checked

ROOT = Path(__file__).parents[2]


def folder(run):
    return Path(run.paths.root)


def answers(run):
    return {answer.question: answer.lines for answer in show(folder(run))}


def change(run, rule, identity, **values):
    path = Path(run.paths.provenance(rule, identity))
    write_checked(path, load_record(path) | values)


def audit(command, run, *options):
    return subprocess.run(
        [sys.executable, ROOT / "scripts/audit.py", command, folder(run), *options],
        capture_output=True, text=True,
    )  # fmt: skip


def test_the_run_has_its_root_and_every_stage_its_files_and_rows(fake_run):
    found = answers(fake_run)
    root = root_of(read_records(fake_run.records))
    assert found["Which run is it?"][1] == f"root digest {root}"
    records = read_records(fake_run.records)
    written = {line.partition(":")[0]: line for line in found["What did it write?"]}
    assert written.keys() == {record.rule for record in records}
    verified = [record.counts for record in records if record.rule == "verify" and record.counts]
    rows_in, accepted = sum(c.rows_in for c in verified), sum(c.accepted for c in verified)
    assert written["verify"].startswith(f"verify: {len(verified)} jobs, ")
    assert written["verify"].endswith(f"; {rows_in} rows in, {accepted} accepted")
    rejected = {line.partition(":")[0] for line in found["What was rejected?"]}
    assert rejected == {
        record.rule for record in records if record.counts and record.counts.rejected
    }


def test_one_value_of_all_rules_is_written_once_and_another_names_its_rules(fake_run):
    node, machine = answers(fake_run)["On which nodes and GPUs?"]
    assert node == f"node7, kernel {os.uname().release}, no GPU  (all rules)"
    assert f"{platform.machine()}, " in machine and machine.endswith(" for a job  (all rules)")
    card = {"visible": "0,1", "devices": ["H100, GPU-1, 580", "H100, GPU-2, 580"]}
    change(fake_run, "student", "all", host="node8", gpus=card, seed=42)
    found = answers(fake_run)
    nodes = found["On which nodes and GPUs?"]
    assert len(nodes) == 3 and nodes[1].startswith("node8, kernel ")
    assert nodes[1].endswith("H100, GPU-1, 580; H100, GPU-2, 580  (student)")
    assert found["With which seeds of random numbers?"] == ["42  (student)"]
    (cost,) = (line for line in found["How long did it take, and what did it use?"]
               if line.startswith("student: "))  # fmt: skip
    assert (
        cost == "student: 2 s of jobs, 3 s of CPU, 4 s of GPUs, at most 250 MB; energy not measured"
    )
    jobs = len(fake_run.records)
    _, whole, *_ = found["How long did it take, and what did it use?"]
    assert whole.startswith(f"all rules: {2 * jobs} s of jobs, {3 * jobs} s of CPU, 4 s of GPUs, ")


def test_the_environment_of_each_job_is_shown(fake_run):
    environment = {"interpreter": ".venvs/train/bin/python", "packages": "ab12",
                   "nsjail": "c" * 64, "variables": {"OMP_NUM_THREADS": "2"}}  # fmt: skip
    machine = {"os": "Debian", "libc": "glibc 2.36", "architecture": "x86_64", "cpu": "EPYC",
               "cores": 1}  # fmt: skip
    change(fake_run, "student", "all", environment=environment, machine=machine)
    change(fake_run, "writer", "all", environment={}, machine={})  # restored
    found = answers(fake_run)
    software = [line for line in found["With which software?"] if line.endswith("  (student)")]
    assert software == [
        f".venvs/train/bin/python, packages in environments/ab12.txt, nsjail {'c' * 16}  (student)",
        "OMP_NUM_THREADS=2  (student)",
    ]
    assert found["On which nodes and GPUs?"][-1] == (
        "Debian, glibc 2.36, x86_64, EPYC, 1 core for a job  (student)"
    )


def test_energy_is_shown_where_it_was_measured(fake_run):
    change(fake_run, "verify", "00001", used={"cpu_s": 1.0, "process_mb": 9, "cpu_j": 1_234.5})
    change(fake_run, "student", "all", used={"cpu_j": 12.0, "gpu_j": 4.5e6})
    found = {
        line.partition(":")[0]: line.partition("; ")[2]
        for line in answers(fake_run)["How long did it take, and what did it use?"]
    }
    assert found["student"] == "energy of CPUs 12 J, of GPUs 4.5 MJ"
    assert found["verify"] == "energy of CPUs 1.23 kJ (1 of 2 jobs), of GPUs not measured"
    assert found["sample"] == "energy not measured"


def test_settings_are_whole_and_by_job_where_they_differ(fake_run):
    long = {"prompt": "x" * 500}
    change(fake_run, "verify", "00001", spec=long)
    lines = [line for line in answers(fake_run)["With which settings?"] if "verify" in line]
    assert lines == ["verify 00000: {}", f"verify 00001: {json.dumps(long, separators=(',', ':'))}"]


def test_unknown_values_are_said(fake_run):
    change(fake_run, "verify", "00001", commit=None)
    change(fake_run, "judge", "00000", restored=True, host="unknown", versions={}, machine={},
           environment={})  # fmt: skip
    Path(fake_run.paths.provenance("corpus", "all")).unlink()
    found = answers(fake_run)
    assert "commit unknown: the record was restored  (verify)" in found["With which code?"]
    assert found["Which run is it?"][1] == "root digest unknown: a record is missing or not whole"
    assert found["What failed, was retried or was restored?"] == [
        "corpus: no record",
        "judge 00000: its record was restored, so when and where it ran is unknown",
    ]


def test_a_verification_holds_until_a_record_changes(fake_run):
    assert answers(fake_run)["Is it as recorded?"] == [
        f"never verified; type `python scripts/audit.py verify {folder(fake_run)}`"
    ]
    assert audit("verify", fake_run).returncode == 0
    shown = audit("show", fake_run)
    assert shown.returncode == 0, shown.stderr
    assert "every file was as recorded at the last verification, 20" in shown.stdout
    write_checked(folder(fake_run) / "verified.json", {"at": "today"})  # of another form
    assert answers(fake_run)["Is it as recorded?"][0].startswith("never verified; ")
    assert audit("verify", fake_run).returncode == 0
    change(fake_run, "student", "all", code="other")
    (line,) = answers(fake_run)["Is it as recorded?"]
    assert line.startswith("the run has changed since it was verified, 20")


def test_what_changed_since_another_run_is_shown(fake_run, tmp_path):
    other = Path(shutil.copytree(folder(fake_run), tmp_path / "other" / "tiny"))
    change(fake_run, "verify", "00000", code="other")
    shown = audit("show", fake_run, "--against", other)
    assert shown.returncode == 0, shown.stderr
    own, since = shown.stdout.split(f"\n\nFrom {other} to {folder(fake_run)}\n\n")
    assert own.startswith("Which run is it?")
    assert since.startswith("What changed?\n  code digest: c -> other  (verify 00000)\n")


def test_control_characters_do_not_reach_the_terminal(fake_run):
    change(fake_run, "student", "all", host="node\x1b[31m\n8")
    text = show_text(show(folder(fake_run)))
    assert "node\\u001b[31m\\n8" in text and "\x1b" not in text


def test_a_reader_that_stops_reading_sees_no_error(fake_run):
    shown = subprocess.run(
        f"{sys.executable} {ROOT}/scripts/audit.py show {folder(fake_run)} | true",
        shell=True, capture_output=True, text=True,
    )  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, "")
