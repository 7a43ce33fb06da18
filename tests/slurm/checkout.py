"""A checkout whose jobs run stub scripts, in real Slurm jobs or on this machine."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.dag.checkout import CREATE_OUTPUTS, ROOT, CommandsCheckout

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
    end = time.monotonic() + 240
    while not Path("continue").exists() and time.monotonic() < end:
        time.sleep(0.1)
{CREATE_OUTPUTS}"""


class SlurmCheckout(CommandsCheckout):
    """A checkout in which commands run side by side, each on Slurm or on this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _STUB)
        (folder / "slurm").symlink_to("profiles/slurm")

    def recorded(self) -> list[str]:
        """Returns the records of `sample`, sorted."""
        with suppress(FileNotFoundError):
            return sorted((self.folder / "ran.txt").read_text().splitlines())
        return []


def wait_until(what: str, done: Callable[[], bool]) -> None:
    """Waits until `done()` is true; fails the test after two minutes."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, f"timeout: {what}"
        time.sleep(0.2)
