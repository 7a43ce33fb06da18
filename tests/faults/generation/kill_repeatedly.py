"""Kills a stage's job repeatedly at random times: `kill_repeatedly.py STAGE FOLDER KILLS`.

Every job is forked from this process, which has already imported the modules. A kill therefore
interrupts the work and not the imports, and fifty kills take seconds.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pandas  # noqa: F401  (otherwise pyarrow imports it in every process, which takes seconds)
from tests.faults.generation import stage as stages
from tests.faults.generation.simulated_engine import SimulatedEngine

ROWS, WINDOW, PAUSE_S = 600, 16, 0.002


def start(stage: str, folder: Path, out: Path) -> int:
    """Starts a job and returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        stages.run(stage, folder, out, ROWS, SimulatedEngine(WINDOW, PAUSE_S))
        os._exit(0)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}", flush=True)
    finally:
        os._exit(1)


def killed(pid: int, after_s: float) -> bool:
    """Kills a process after a time, unless it exits before; returns whether it was killed."""
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline:
        exited, status = os.waitpid(pid, os.WNOHANG)
        if exited:
            assert status == 0
            return False
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def uninterrupted(stage: str, folder: Path, out: Path) -> tuple[list[bytes], float]:
    """Returns the bytes of a shard made without a kill, and the seconds that it took."""
    started = time.monotonic()
    assert os.waitpid(start(stage, folder, out), 0)[1] == 0
    return [path.read_bytes() for path in stages.outputs(stage, out)], time.monotonic() - started


def main(stage: str, folder: Path, kills: int) -> None:
    """Prints the number of kills per shard; fails if the bytes of a shard differ."""
    stages.prepare(stage, folder, ROWS)
    expected, duration_s = uninterrupted(stage, folder, folder / "uninterrupted")
    rng = random.Random()
    per_shard: list[int] = []
    while sum(per_shard) < kills:
        out = folder / f"shard{len(per_shard)}"
        per_shard.append(0)
        # No process runs as long as a shard takes, so the shard finishes only if jobs resume.
        while killed(start(stage, folder, out), rng.uniform(0, duration_s / 3)):
            per_shard[-1] += 1
            if sum(per_shard) == kills:
                assert os.waitpid(start(stage, folder, out), 0)[1] == 0
                break
        found = [path.read_bytes() for path in stages.outputs(stage, out)]
        assert found == expected, f"{out}: not the rows of an uninterrupted run"
        remaining = {path.name for path in out.iterdir()}
        written = {path.name for path in stages.outputs(stage, out)} | {"record.json"}
        assert remaining == written, remaining
    print(f"{stage}: {sum(per_shard)} kills, by shard {per_shard}, all shards byte-identical")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
