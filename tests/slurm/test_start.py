"""The Snakemake that submitted is killed: its jobs live on, and the next run makes none twice."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.dag.checkout import MANIFEST, ROOT, Checkout
from tests.slurm.cluster import Cluster

SHARDS = ("00000", "00001")
# Makes the files that it is asked for. As `sample` it notes that it ran and what it was told, and
# ends when it is let.
_STAND_IN = f"""#!{sys.executable} -IS
import signal, sys, time
from pathlib import Path
words = sys.argv[1:]
def note(what):
    with Path("ran.txt").open("a") as ran:
        ran.write(what + " " + words[words.index("--identity") + 1] + "\\n")
if words[0] == "scripts/sample.py":
    signal.signal(signal.SIGUSR1, lambda *_: note("told"))
    note("scripts/sample.py")
    end = time.monotonic() + 60
    while not Path("go on").exists() and time.monotonic() < end:
        time.sleep(0.1)
for word in words:
    if word.startswith("results/") and not Path(word).exists():
        Path(word).parent.mkdir(parents=True, exist_ok=True)
        Path(word).write_text({MANIFEST!r} if word.endswith("manifest.json") else "made")
"""


class Submitted(Checkout):
    """A checkout whose jobs are stand-ins in real jobs of Slurm."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for python in folder.glob(".venvs/*/bin/python"):
            python.write_text(_STAND_IN)
        self.started: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        """Starts a run up to the samples."""
        started = subprocess.Popen(
            [sys.executable, ROOT / "tests/slurm/snakemake_now.py", "--profile", "slurm",
             "--max-status-checks-per-second", "1",
             *(f"results/embedded/programs/{shard}.parquet" for shard in SHARDS)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started.append(started)
        return started

    def noted(self) -> list[str]:
        """Returns what `sample` noted, in order of the words."""
        with suppress(FileNotFoundError):
            return sorted((self.folder / "ran.txt").read_text().splitlines())
        return []


def wait_until(said: str, true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, f"never {said}"
        time.sleep(0.2)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Submitted]:
    made = Submitted(tmp_path.resolve())
    yield made
    for snakemake in made.started:
        snakemake.kill()


def test_jobs_outlive_a_killed_snakemake_and_the_next_run_takes_them_for_its_own(
    cluster: Cluster, checkout: Submitted
) -> None:
    killed = checkout.start()
    sampled = [f"scripts/sample.py {shard}" for shard in SHARDS]
    wait_until("two samples at a time", lambda: checkout.noted() == sampled)
    killed.kill()
    killed.communicate()
    # What --signal sends before the wall time is over: who has no use for it must not die of it.
    mine = cluster.call("squeue", "--noheader", "--format=%i %Z").splitlines()
    numbers = [line.split()[0] for line in mine if line.endswith(str(checkout.folder))]
    cluster.call("scancel", "--signal=USR1", *numbers)

    again = checkout.start()
    found = next((line for line in again.stdout or () if "an earlier run left" in line), "nothing")
    assert "left 2 jobs in Slurm, which are not submitted again: waiting for" in found
    refused = checkout.start()
    assert "a Snakemake runs in this folder (process" in refused.communicate(timeout=120)[0]
    assert refused.returncode == 1

    (checkout.folder / "go on").touch()
    printed, _ = again.communicate(timeout=180)
    assert again.returncode == 0, printed
    assert checkout.noted() == [*sampled, *(f"told {shard}" for shard in SHARDS)]

    # What nobody waited for is known as well as the rest: a changed setting is seen.
    config = checkout.config()
    assert checkout.planned("results/embedded/programs/00000.parquet") == set()
    config["sample"]["sampling"]["temperature"] = 0.5
    assert checkout.planned("results/embedded/programs/00000.parquet", config=config) == {
        "sample:00000"
    }


def test_where_a_site_is_described_a_run_on_this_machine_is_refused(checkout: Submitted) -> None:
    (checkout.folder / "site.yaml").write_text("account: mine\n")
    seeds = "results/embedded/seeds/arithmetic.parquet"
    done = checkout.try_snakemake(seeds)
    assert done.returncode == 1
    assert "input error: site.yaml says that this checkout runs on a cluster" in done.stdout
    assert not (checkout.folder / seeds).exists()
