"""Executions are yielded in the order of the programs, which are read lazily."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.sandbox.conftest import SMALL
from tests.sandbox.processes import below

from caco.sandbox.nsjail import NsjailSandbox

SLOW = "import time\ntime.sleep(0.4)\n"


def program(i: int) -> str:
    return f"{SLOW if i == 0 else ''}input = {{'a': 1}}\noutput = {i}\n"


def test_the_order_is_that_of_the_programs_although_the_first_is_slow(sandbox):
    outputs = [e.output for e in sandbox.run(program(i) for i in range(12))]
    assert outputs == [str(i) for i in range(12)]


def test_programs_are_read_lazily(sandbox):
    taken = []

    def endless():
        i = 1
        while True:
            taken.append(i)
            yield program(i)
            i += 1

    running = sandbox.run(endless())
    assert next(running).output == "1"
    running.close()
    assert len(taken) <= 128


def test_no_programs_no_executions(sandbox):
    assert list(sandbox.run([])) == []


def test_files_processes_and_mounts_are_released():
    before = state_of_this_process()
    with NsjailSandbox(SMALL, 2) as sandbox:
        list(sandbox.run(program(i) for i in range(40)))
        assert state_of_this_process() != before
    assert state_of_this_process() == before


def state_of_this_process() -> tuple[int, list[int], int]:
    """Returns the numbers of open files, child processes and mounts."""
    files = len(list(Path("/proc/self/fd").iterdir()))
    return files, below(os.getpid()), len(Path("/proc/mounts").read_text().splitlines())


@pytest.mark.parametrize("sent", ["SIGKILL", "SIGTERM"])
def test_a_killed_host_process_leaves_no_jail(tmp_path, sent):
    host = tmp_path / "host.py"
    host.write_text(
        "from caco.sandbox.nsjail import NsjailSandbox\n"
        "from caco.config.checks import SandboxLimits\n"
        "with NsjailSandbox(SandboxLimits(wall_s=2.0), 1) as s:\n"
        f"    print('up', flush=True); list(s.run(['import time; time.sleep(60) # {tmp_path}']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(host)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    deadline = time.monotonic() + 30
    while len(jails := below(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)  # nsjail, the parent, the program
    assert len(jails) == 3
    process.send_signal(9 if sent == "SIGKILL" else 15)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{p}").exists() for p in jails) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [p for p in jails if Path(f"/proc/{p}").exists()]
