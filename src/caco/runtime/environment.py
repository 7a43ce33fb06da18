"""Environment variables: those that Snakemake reads, and those that it sets for its jobs."""

import os


def set_job_environment(deployed: bool) -> None:
    """Sets the environment variables that all jobs and commands of this Snakemake inherit.

    Args:
        deployed: Whether Snakemake makes the rules' environments (conda, Apptainer).
    """
    # Jobs (caco.runtime.job) and waiting submissions (profiles/slurm/bin/sbatch) exit when this
    # process has exited: an orphan would race with the next run's jobs.
    os.environ["SNAKEMAKE_PID"] = str(os.getpid())
    # Idle OpenMP threads sleep instead of spinning: on shared cores, spinning threads delay the
    # threads that they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # With a deployed environment, the rule's Python is on the PATH, and envs/python uses that.
    os.environ.pop("CACO_DEPLOYED", None)
    if deployed:
        os.environ["CACO_DEPLOYED"] = "1"


def pinned_list(env: str) -> str:
    """Returns the name of the pinned package list, under envs/, of an environment.

    vLLM has a separate package for NVIDIA GPUs. Whether the nodes have them is set by the user with
    `CACO_ACCELERATOR=cuda`, as for `make envs`.
    """
    accelerator = os.environ.get("CACO_ACCELERATOR", "cpu")
    return env if env != "infer" or accelerator == "cpu" else f"{env}_{accelerator}"
