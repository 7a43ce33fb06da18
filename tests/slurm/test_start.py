"""Snakemake is killed after submission: its jobs continue, and the next run repeats none."""

from tests.slurm.checkout import ON_SLURM, PROGRAMS, SHARDS, SlurmCheckout, wait_until
from tests.slurm.cluster import Cluster


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
    refused = checkout.start(*ON_SLURM, *PROGRAMS)
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
