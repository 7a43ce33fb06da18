"""A checkout whose jobs run stub scripts, in real Slurm jobs or on this machine."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.dag.checkout import CREATE_OUTPUTS, ROOT, Checkout

SHARDS = ("00000", "00001")
PROGRAMS = [f"results/embedded/programs/{shard}.parquet" for shard in SHARDS]
ON_SLURM = [
    sys.executable, str(ROOT / "tests/slurm/snakemake_fast_polling.py"), "--profile", "slurm",
    "--max-status-checks-per-second", "1",
]  # fmt: skip
# Creates the output files. As `sample` it records its start and every signal, and exits when the
# file `continue` exists.
_STUB = f"""#!{sys.executable} -IS
import signal, sys, time
from pathlib import Path
arguments = sys.argv[1:]
def record(what):
    with Path("ran.txt").open("a") as ran:
        ran.write(what + " " + arguments[arguments.index("--identity") + 1] + "\\n")
if arguments[0] == "scripts/sample.py":
    signal.signal(signal.SIGUSR1, lambda *_: record("signal"))
    record("scripts/sample.py")
    end = time.monotonic() + 60
    while not Path("continue").exists() and time.monotonic() < end:
        time.sleep(0.1)
{CREATE_OUTPUTS}"""


class SlurmCheckout(Checkout):
    """A checkout in which commands run side by side, each on Slurm or on this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        shutil.copy(ROOT / "Makefile", folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for environment in (folder / ".venvs").iterdir():
            (environment / "bin/python").write_text(_STUB)
            (environment / ".ready").touch()
        snakemake = folder / ".venvs/workflow/bin/snakemake"
        snakemake.write_text(f'#!/bin/sh\nexec {sys.executable} -m snakemake "$@"\n')
        snakemake.chmod(0o755)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a command in this folder."""
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process

    def recorded(self) -> list[str]:
        """Returns the records of `sample`, sorted."""
        with suppress(FileNotFoundError):
            return sorted((self.folder / "ran.txt").read_text().splitlines())
        return []

    def files(self) -> dict[str, int]:
        """Returns the results with their times of change in ns."""
        results = self.folder / "results/embedded"
        return {str(f): f.stat().st_mtime_ns for f in results.rglob("*") if f.is_file()}


def wait_until(what: str, done: Callable[[], bool]) -> None:
    """Waits until `done()` is true; fails the test after two minutes."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, f"timeout: {what}"
        time.sleep(0.2)
