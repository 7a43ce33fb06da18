"""The mark that each start of a job leaves, however it ends."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from caco.errors import ClusterError
from caco.runtime import heartbeat as starts
from caco.runtime.heartbeat import SILENT_S, Heartbeat, Start, heartbeat_file, read_starts

ROOT = Path(__file__).resolve().parents[2]
_JOB = """\
import sys, time
from caco.errors import UserError
from caco.runtime.job import Job, run

def main():
    job = Job("A job.", rule="verify")
    job.writes("--out", "a file")
    args = job.parse()
    print("begun", flush=True)
    {body}
    args.out.write_text("made")
    job.done()

run(main)
"""


def begun(folder: Path, body: str = "pass") -> "subprocess.Popen[str]":
    """Starts a job; returns when it has begun its work."""
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
    process = begun(folder, body)
    process.communicate(timeout=30)
    return process.returncode


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "job.json").read_text())
    return found


def test_a_job_that_comes_to_its_end_leaves_no_mark(tmp_path: Path) -> None:
    assert ended(tmp_path) == 0
    assert record(tmp_path)["starts"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"out", "job.json"}


def test_while_it_runs_its_mark_says_so(tmp_path: Path) -> None:
    process = begun(tmp_path, "time.sleep(60)")
    mark = heartbeat_file(tmp_path / "job.json")
    (start,) = read_starts(mark)
    assert (start.pid, start.slurm, start.ended) == (process.pid, "42", None)
    touched = mark.stat().st_mtime
    assert start.is_alive(touched, time.time())
    process.kill()
    process.communicate()
    assert not start.is_alive(touched, time.time())


@pytest.mark.parametrize(
    ("body", "owner", "said", "code"),
    [
        ("raise UserError('no such model')", "input", "no such model", 1),
        ("{}['x']", "caco", "KeyError: 'x'", 1),
        ("raise KeyboardInterrupt", "person", "interrupted", -2),
    ],
)
def test_a_failed_start_says_whose_failure_it_was(
    tmp_path: Path, body: str, owner: str, said: str, code: int
) -> None:
    assert ended(tmp_path, body) == code
    (start,) = read_starts(heartbeat_file(tmp_path / "job.json"))
    assert (start.owner, start.said) == (owner, said)
    assert start.ended is not None
    assert not start.is_alive(time.time(), time.time())


def test_the_record_holds_the_starts_before(tmp_path: Path) -> None:
    ended(tmp_path, "raise UserError('no such model')")
    killed = begun(tmp_path, "time.sleep(60)")
    killed.kill()
    killed.communicate()
    with heartbeat_file(tmp_path / "job.json").open("a") as file:
        file.write('{"started": "torn')
        file.write("\n")
    assert ended(tmp_path) == 0
    first, second = (Start(**start) for start in record(tmp_path)["starts"])
    assert (first.said, second.said, second.pid) == ("no such model", None, killed.pid)


def test_a_sign_of_life_is_given_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starts, "_BEAT_S", 0.05)
    path = tmp_path / "job.starts"
    mark = Heartbeat(path)
    mark.keeps(7)
    os.utime(path, (0, 0))
    end = time.monotonic() + 10
    while path.stat().st_mtime == 0 and time.monotonic() < end:
        time.sleep(0.01)
    assert path.stat().st_mtime > 0
    assert read_starts(path)[0].kept == 7
    mark.done()
    assert not path.exists()


def test_on_another_host_silence_tells(tmp_path: Path) -> None:
    start = Start("2026-11-23T13:00:00+00:00", "another", 1)
    assert start.is_alive(1000.0, 1000.0 + SILENT_S)
    assert not start.is_alive(1000.0, 1001.0 + SILENT_S)


def test_where_nothing_can_be_written_the_job_says_so_before_it_works(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"file/job\.starts: cannot be written"):
        Heartbeat(tmp_path / "file" / "job.starts")
