"""Runs one stage's job again and again, killed at random moments: `killing.py STAGE FOLDER KILLS`.

Every process is forked from this one, which has done the imports: a kill is then a kill of the
work, and fifty of them take seconds.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pandas  # noqa: F401  (pyarrow would import it in every process: seconds)
from tests.faults.generation import stage as stages
from tests.faults.generation.steady_engine import SteadyEngine

ROWS, WINDOW, PAUSE_S = 1_000, 16, 0.002


def start(stage: str, folder: Path, out: Path) -> int:
    """Returns the process id of a job that has just been started."""
    pid = os.fork()
    if pid:
        return pid
    try:
        stages.run(stage, folder, out, ROWS, SteadyEngine(WINDOW, PAUSE_S))
        os._exit(0)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}", flush=True)
    finally:
        os._exit(1)


def killed(pid: int, after_s: float) -> bool:
    """Waits for a process, at most so long, and kills it then; tells whether it had to."""
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert status == 0
            return False
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def undisturbed(stage: str, folder: Path, out: Path) -> tuple[list[bytes], float]:
    """Returns the bytes of a shard that nothing disturbed, and the seconds it took."""
    started = time.monotonic()
    assert os.waitpid(start(stage, folder, out), 0)[1] == 0
    return [path.read_bytes() for path in stages.outputs(stage, out)], time.monotonic() - started


def main(stage: str, folder: Path, kills: int) -> None:
    """Prints the kills that each shard took; ends with an error if one's bytes are others."""
    stages.prepare(stage, folder, ROWS)
    wanted, took_s = undisturbed(stage, folder, folder / "undisturbed")
    moments, per_shard = random.Random(), []
    while sum(per_shard) < kills:
        out = folder / f"shard{len(per_shard)}"
        per_shard.append(0)
        # No process lives for as long as a shard takes: only what is kept can end it.
        while killed(start(stage, folder, out), moments.uniform(0, took_s / 3)):
            per_shard[-1] += 1
            if sum(per_shard) == kills:
                assert os.waitpid(start(stage, folder, out), 0)[1] == 0
                break
        found = [path.read_bytes() for path in stages.outputs(stage, out)]
        assert found == wanted, f"{out}: not the rows of an undisturbed run"
        left = {path.name for path in out.iterdir()}
        assert left == {p.name for p in stages.outputs(stage, out)} | {"record.json"}, left
    print(f"{stage}: {sum(per_shard)} kills, by shard {per_shard}, all to the same bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
