"""Snakemake is killed after submission: its jobs continue, and the next run repeats none."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.dag.checkout import CREATE_OUTPUTS, ROOT, Checkout
from tests.slurm.cluster import Cluster

SHARDS = ("00000", "00001")
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
    """A checkout whose jobs run stub scripts in real Slurm jobs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for python in folder.glob(".venvs/*/bin/python"):
            python.write_text(_STUB)
        self.started: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        """Starts a run up to the rule `sample`."""
        process = subprocess.Popen(
            [sys.executable, ROOT / "tests/slurm/snakemake_fast_polling.py", "--profile", "slurm",
             "--max-status-checks-per-second", "1",
             *(f"results/embedded/programs/{shard}.parquet" for shard in SHARDS)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def recorded(self) -> list[str]:
        """Returns the records of `sample`, sorted."""
        with suppress(FileNotFoundError):
            return sorted((self.folder / "ran.txt").read_text().splitlines())
        return []


def wait_until(what: str, done: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, f"timeout: {what}"
        time.sleep(0.2)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[SlurmCheckout]:
    checkout = SlurmCheckout(tmp_path.resolve())
    yield checkout
    for snakemake in checkout.started:
        snakemake.kill()


def test_jobs_of_a_killed_snakemake_continue_and_the_next_run_adopts_them(
    cluster: Cluster, checkout: SlurmCheckout
) -> None:
    killed = checkout.start()
    sampled = [f"scripts/sample.py {shard}" for shard in SHARDS]
    wait_until("two running jobs of sample", lambda: checkout.recorded() == sampled)
    killed.kill()
    killed.communicate()
    # The signal of --signal before the end of the wall time must not kill a job that ignores it.
    jobs = cluster.call("squeue", "--noheader", "--format=%i %Z").splitlines()
    numbers = [line.split()[0] for line in jobs if line.endswith(str(checkout.folder))]
    cluster.call("scancel", "--signal=USR1", *numbers)

    resumed = checkout.start()
    found = next((line for line in resumed.stdout or () if "an earlier run has" in line), "nothing")
    assert "has 2 jobs left in Slurm, which are not submitted again: waiting for" in found
    refused = checkout.start()
    assert "another Snakemake runs on this folder (process" in refused.communicate(timeout=120)[0]
    assert refused.returncode == 1

    (checkout.folder / "continue").touch()
    printed, _ = resumed.communicate(timeout=180)
    assert resumed.returncode == 0, printed
    assert checkout.recorded() == [*sampled, *(f"signal {shard}" for shard in SHARDS)]

    # Snakemake has metadata for these outputs as well: it detects a changed setting.
    config = checkout.config()
    assert checkout.planned("results/embedded/programs/00000.parquet") == set()
    config["sample"]["sampling"]["temperature"] = 0.5
    assert checkout.planned("results/embedded/programs/00000.parquet", config=config) == {
        "sample:00000"
    }


def test_a_local_run_is_rejected_if_a_site_file_exists(checkout: SlurmCheckout) -> None:
    (checkout.folder / "site.yaml").write_text("account: mine\n")
    seeds = "results/embedded/seeds/arithmetic.parquet"
    done = checkout.try_snakemake(seeds)
    assert done.returncode == 1
    assert "input error: site.yaml describes a cluster" in done.stdout
    assert not (checkout.folder / seeds).exists()
