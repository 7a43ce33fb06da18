"""Preemption signals, sent to every process of a job step as Slurm does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_SRC = Path(__file__).resolve().parents[2] / "src"
_TORCHRUN = """
import subprocess, sys, time
from pathlib import Path
from caco.training.runtime.preemption import forward_preemption
forward_preemption(Path("stop"))
rank = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
Path("rank").write_text(str(rank.pid))
sys.exit(rank.wait())
"""


def test_torchrun_creates_the_file_and_its_ranks_ignore_the_signal(tmp_path):
    torchrun = subprocess.Popen(
        [sys.executable, "-c", _TORCHRUN],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_SRC)},
        start_new_session=True,
    )
    try:
        _wait_until(lambda: (tmp_path / "rank").exists() and (tmp_path / "rank").read_text())
        os.killpg(torchrun.pid, signal.SIGUSR1)
        os.killpg(torchrun.pid, signal.SIGTERM)
        _wait_until((tmp_path / "stop").exists)
        time.sleep(0.2)
        assert torchrun.poll() is None
        assert Path(f"/proc/{(tmp_path / 'rank').read_text()}").exists()
    finally:
        os.killpg(torchrun.pid, signal.SIGKILL)
        torchrun.wait()


def _wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
