"""The cluster's notice, where Slurm sends it: to every process of a job's step."""

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
from caco.training.runtime.preemption import pass_on
pass_on(Path("stop"))
rank = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
Path("rank").write_text(str(rank.pid))
sys.exit(rank.wait())
"""


def test_torchrun_passes_it_on_and_its_ranks_are_deaf_to_it(tmp_path):
    torchrun = subprocess.Popen(
        [sys.executable, "-c", _TORCHRUN],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_SRC)},
        start_new_session=True,
    )
    try:
        _until(lambda: (tmp_path / "rank").exists() and (tmp_path / "rank").read_text())
        os.killpg(torchrun.pid, signal.SIGUSR1)
        os.killpg(torchrun.pid, signal.SIGTERM)
        _until((tmp_path / "stop").exists)
        time.sleep(0.2)
        assert torchrun.poll() is None
        assert Path(f"/proc/{(tmp_path / 'rank').read_text()}").exists()
    finally:
        os.killpg(torchrun.pid, signal.SIGKILL)
        torchrun.wait()


def _until(so) -> None:
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)
