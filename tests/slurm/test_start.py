"""The Snakemake that submitted is killed: its jobs live on, and the next run makes none twice."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dag.checkout import ROOT, Checkout
from tests.slurm.cluster import Cluster

SHARDS = ("00000", "00001")
# Notes that it ran, takes its time where it is told to, and makes the files that it is asked for.
_STAND_IN = f"""#!{sys.executable} -IS
import sys, time
from pathlib import Path
words = sys.argv[1:]
with Path("ran.txt").open("a") as ran:
    ran.write(words[0] + " " + next((w for w in words if w.startswith("results/")), "") + "\\n")
if words[0] == "scripts/sample.py":
    time.sleep(10)
for word in words:
    if word.startswith("results/") and not Path(word).exists():
        Path(word).parent.mkdir(parents=True, exist_ok=True)
        Path(word).write_text("made")
"""


class Submitted(Checkout):
    """A checkout whose jobs are stand-ins in real jobs of Slurm."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for python in folder.glob(".venvs/*/bin/python"):
            python.write_text(_STAND_IN)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Starts a run up to the samples."""
        return subprocess.Popen(
            [sys.executable, ROOT / "tests/slurm/snakemake_now.py", "--profile", "slurm",
             "--max-status-checks-per-second", "1", *args,
             *(f"results/embedded/programs/{shard}.parquet" for shard in SHARDS)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def ran(self) -> Counter[str]:
        """Returns how often each script ran, by the first file that it was asked for or given."""
        return Counter((self.folder / "ran.txt").read_text().splitlines())


def wait_until(said: str, true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, f"never {said}"
        time.sleep(0.2)


@pytest.fixture
def checkout(tmp_path: Path) -> Submitted:
    return Submitted(tmp_path.resolve())


def test_jobs_outlive_a_killed_snakemake_and_the_next_run_takes_them_for_its_own(
    cluster: Cluster, checkout: Submitted
) -> None:
    killed = checkout.start()
    sampling = ("squeue", "--noheader", "--states=running", "--format=%Z %k")
    wait_until(
        "two samples at a time",
        lambda: cluster.call(*sampling).count(f"{checkout.folder} rule_sample") == len(SHARDS),
    )
    killed.kill()
    killed.communicate()

    again = checkout.start()
    refused = checkout.start()
    assert "a Snakemake runs in this folder (process" in refused.communicate(timeout=60)[0]
    assert refused.returncode == 1

    printed, _ = again.communicate(timeout=180)
    assert again.returncode == 0, printed
    assert "an earlier run left 2 jobs in Slurm, which are not submitted again" in printed
    assert set(checkout.ran().values()) == {1}

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
