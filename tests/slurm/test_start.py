"""Starts of Snakemake on a cluster: after a killed one, and beside one that runs.

tests/dag/test_two_runs.py has two commands that are both local.
"""

import subprocess
import sys

from tests.slurm.checkout import ON_SLURM, PROGRAMS, SHARDS, SlurmCheckout, wait_until
from tests.slurm.cluster import Cluster

PLAIN = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", "2"]


def refuse(second: subprocess.Popen[str]) -> None:
    """Checks that a second command on a results folder ends with one sentence."""
    printed, _ = second.communicate(timeout=120)
    assert second.returncode != 0
    assert "results/embedded: another Snakemake runs on this folder (process " in printed
    assert "Traceback" not in printed and "LockException" not in printed


def test_jobs_of_a_killed_snakemake_continue_and_the_next_run_adopts_them(
    cluster: Cluster, checkout: SlurmCheckout
) -> None:
    killed = checkout.start(*ON_SLURM, *PROGRAMS)
    sampled = [f"scripts/sample.py {shard}" for shard in SHARDS]
    wait_until("two running jobs of sample", lambda: checkout.recorded() == sampled)
    killed.kill()
    killed.communicate()
    # The signal of --signal before the end of the wall time must not kill a job that ignores it.
    jobs = cluster.call("squeue", "--noheader", "--format=%i %Z").splitlines()
    numbers = [line.split()[0] for line in jobs if line.endswith(str(checkout.folder))]
    cluster.call("scancel", "--signal=USR1", *numbers)

    resumed = checkout.start(*ON_SLURM, *PROGRAMS)
    found = next((line for line in resumed.stdout or () if "an earlier run has" in line), "nothing")
    assert "has 2 jobs left in Slurm, which are not submitted again: waiting for" in found
    before = checkout.files()
    for command in ([*ON_SLURM, *PROGRAMS], [*PLAIN, *PROGRAMS], ["make", "demo"]):
        refuse(checkout.start(*command))
    lost = {file for file, changed in before.items() if checkout.files().get(file) != changed}
    assert lost == set()

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


def test_a_command_on_slurm_is_refused_beside_a_local_run(
    cluster: Cluster, checkout: SlurmCheckout
) -> None:
    first = checkout.start(*PLAIN, *PROGRAMS)
    wait_until("a job of sample", lambda: bool(checkout.recorded()))
    refuse(checkout.start(*ON_SLURM, *PROGRAMS))
    (checkout.folder / "continue").touch()
    printed, _ = first.communicate(timeout=300)
    assert first.returncode == 0, printed


def test_a_local_run_is_rejected_if_a_site_file_exists(checkout: SlurmCheckout) -> None:
    (checkout.folder / "site.yaml").write_text("account: mine\n")
    seeds = "results/embedded/seeds/arithmetic.parquet"
    done = checkout.try_snakemake(seeds)
    assert done.returncode == 1
    assert "input error: site.yaml describes a cluster" in done.stdout
    assert not (checkout.folder / seeds).exists()
