"""The record of each start of a job, however it exits."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from caco.errors import UserError
from caco.runtime import heartbeat
from caco.runtime.heartbeat import (
    HEARTBEAT_TIMEOUT_S,
    Heartbeat,
    Start,
    heartbeat_file,
    read_starts,
)

ROOT = Path(__file__).resolve().parents[2]
_JOB = """\
import sys, time
from caco.errors import UserError
from caco.runtime.job import Job, run

def main():
    job = Job("A job.", rule="verify")
    job.writes("--out", help="a file")
    args = job.parse()
    print("started", flush=True)
    {body}
    args.out.write_text("made")
    job.done()

run(main)
"""


def started(folder: Path, body: str = "pass") -> "subprocess.Popen[str]":
    """Starts a job; returns when its work has started."""
    process = subprocess.Popen(
        [sys.executable, "-c", _JOB.format(body=body), "--out", str(folder / "out"),
         "--spec", "{}", "--code", "c", "--provenance", str(folder / "job.json")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "SLURM_JOB_ID": "42"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ended(folder: Path, body: str = "pass") -> int:
    process = started(folder, body)
    process.communicate(timeout=30)
    return process.returncode


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "job.json").read_text())
    return found


def test_a_job_that_finishes_leaves_no_heartbeat_file(tmp_path: Path) -> None:
    assert ended(tmp_path) == 0
    assert record(tmp_path)["starts"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"out", "job.json"}


def test_a_running_job_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    process = started(tmp_path, "time.sleep(60)")
    file = heartbeat_file(tmp_path / "job.json")
    (start,) = read_starts(file)
    assert (start.pid, start.slurm, start.ended) == (process.pid, "42", None)
    last_heartbeat = file.stat().st_mtime
    assert start.is_alive(last_heartbeat, time.time())
    process.kill()
    process.communicate()
    assert not start.is_alive(last_heartbeat, time.time())


@pytest.mark.parametrize(
    ("body", "owner", "message", "code"),
    [
        ("raise UserError('no such model')", "input", "no such model", 1),
        ("{}['x']", "caco", "KeyError: 'x'", 1),
        ("raise KeyboardInterrupt", "person", "interrupted", -2),
    ],
)
def test_a_failed_start_records_the_owner_of_the_failure(
    tmp_path: Path, body: str, owner: str, message: str, code: int
) -> None:
    assert ended(tmp_path, body) == code
    (start,) = read_starts(heartbeat_file(tmp_path / "job.json"))
    assert (start.owner, start.message) == (owner, message)
    assert start.ended is not None
    assert not start.is_alive(time.time(), time.time())


def test_the_record_holds_the_earlier_starts(tmp_path: Path) -> None:
    ended(tmp_path, "raise UserError('no such model')")
    killed = started(tmp_path, "time.sleep(60)")
    killed.kill()
    killed.communicate()
    with heartbeat_file(tmp_path / "job.json").open("a") as file:
        file.write('{"started": "incomplete')
        file.write("\n")
    assert ended(tmp_path) == 0
    first, second = (Start(**start) for start in record(tmp_path)["starts"])
    assert (first.message, second.message, second.pid) == ("no such model", None, killed.pid)


def test_the_modification_time_is_updated_at_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_INTERVAL_S", 0.05)
    path = tmp_path / "job.starts"
    running = Heartbeat(path)
    running.resumed(7)
    os.utime(path, (0, 0))
    end = time.monotonic() + 10
    while path.stat().st_mtime == 0 and time.monotonic() < end:
        time.sleep(0.01)
    assert path.stat().st_mtime > 0
    assert read_starts(path)[0].resumed_rows == 7
    running.done()
    assert not path.exists()


def test_on_another_host_a_job_without_a_heartbeat_is_dead(tmp_path: Path) -> None:
    start = Start("2026-11-23T13:00:00+00:00", "another", 1)
    assert start.is_alive(1000.0, 1000.0 + HEARTBEAT_TIMEOUT_S)
    assert not start.is_alive(1000.0, 1001.0 + HEARTBEAT_TIMEOUT_S)


def test_a_file_that_cannot_be_written_is_an_error_before_the_work_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file: a file is where a folder must be; move the file"):
        Heartbeat(tmp_path / "file" / "job.starts")
