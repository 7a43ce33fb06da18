"""Two commands on one results folder: the second ends with one sentence, and nothing is lost."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dag.checkout import CREATE_OUTPUTS, CommandsCheckout

PROGRAMS = [f"results/embedded/programs/{shard}.parquet" for shard in ("00000", "00001")]
PLAIN = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", "2"]
REFUSED = "input error: results/embedded: another Snakemake runs on this folder (process "
# Creates the output files. `sample` waits for the file `continue`, and exits with its Snakemake.
_STUB = f"""#!{sys.executable} -IS
import os, sys, time
from pathlib import Path
arguments = sys.argv[1:]
def has_snakemake():
    return Path("/proc", os.environ["SNAKEMAKE_PID"]).exists()
if arguments[0] == "scripts/sample.py":
    Path("started." + arguments[arguments.index("--identity") + 1]).touch()
    end = time.monotonic() + 120
    while not Path("continue").exists():
        if not has_snakemake() or time.monotonic() > end:
            sys.exit(1)
        time.sleep(0.05)
{CREATE_OUTPUTS}"""


class TwoRuns(CommandsCheckout):
    """A checkout whose job of `sample` tells that it has started."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _STUB)

    def samples(self) -> bool:
        """Tells whether a job of `sample` has started."""
        return any(self.folder.glob("started.*"))


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[TwoRuns]:
    checkout = TwoRuns(tmp_path.resolve())
    yield checkout
    for process in checkout.started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_while_a_run_lasts_every_other_command_on_its_results_is_refused(
    checkout: TwoRuns,
) -> None:
    first = checkout.start(*PLAIN, *PROGRAMS)
    wait_until(checkout.samples)
    before = checkout.files()
    for command in ([*PLAIN, *PROGRAMS], ["make", "demo"]):
        second = checkout.start(*command)
        printed, _ = second.communicate(timeout=120)
        assert second.returncode != 0
        assert f"{REFUSED}{first.pid} on " in printed
        assert "Traceback" not in printed and "LockException" not in printed
    assert checkout.files() == before

    # A dry run and a run on another results folder go on.
    assert "sample:00000" in checkout.planned()
    other = {**checkout.config(), "run": "other"}
    checkout.snakemake("results/other/seeds/arithmetic.parquet", config=other)

    (checkout.folder / "continue").touch()
    printed, _ = first.communicate(timeout=120)
    assert first.returncode == 0, printed
    assert checkout.planned(*PROGRAMS) == set()


def test_of_two_commands_at_once_one_runs(checkout: TwoRuns) -> None:
    both = [checkout.start(*PLAIN, *PROGRAMS) for _ in range(2)]
    wait_until(lambda: any(process.poll() is not None for process in both))
    (refused,) = (process for process in both if process.returncode is not None)
    (running,) = (process for process in both if process is not refused)
    assert REFUSED in refused.communicate()[0]
    (checkout.folder / "continue").touch()
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 0, printed
    assert checkout.planned(*PROGRAMS) == set()


def test_after_a_sigkill_the_next_command_goes_on(checkout: TwoRuns) -> None:
    killed = checkout.start(*PLAIN, *PROGRAMS)
    wait_until(checkout.samples)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (checkout.folder / "continue").touch()
    # Without a profile too: Snakemake's own lock is not used, so none is left.
    resumed = checkout.start(
        sys.executable, "-m", "snakemake", "--cores", "2", "--rerun-incomplete", *PROGRAMS
    )
    printed, _ = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, printed
    assert checkout.planned(*PROGRAMS) == set()
