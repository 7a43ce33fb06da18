"""The grader's processes exit when their parent is killed, whatever they are doing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import alive, descendants

ROOT = Path(__file__).parents[2]
_JOB = """
import time
from caco.grading.{module} import {name}

if __name__ == "__main__":
    with {name}(60.0) as grader:
        print(grader.grade("1/2", "$0.5$", "solution").verdict, flush=True)
        time.sleep(60)
"""


def _is_grader(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("grader", "Grader"),
        ("second", "second_grader"),
    ],
)
def test_the_processes_of_a_killed_job_exit_even_if_they_hang(
    module: str, name: str, tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text(_JOB.format(module=module, name=name))
    job = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert job.stdout is not None
    assert job.stdout.readline() == "correct\n"
    workers = [pid for pid in descendants(job.pid) if _is_grader(pid)]
    assert len(workers) == 1
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)  # as a worker that hangs and does not read its pipe
    job.kill()
    job.wait()
    deadline = time.monotonic() + 60
    while running := [pid for pid in workers if alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {running}"
        time.sleep(0.05)
