"""What the environment tells Snakemake, and Snakemake its jobs."""

import os


def set_job_environment(deployed: bool) -> None:
    """Sets the variables that all jobs and commands of this Snakemake inherit.

    Args:
        deployed: Whether Snakemake makes the rules' environments (conda, Apptainer).
    """
    # A job exits when this process is gone (caco.runtime.job), and so does a submission that waits
    # (profiles/slurm/bin/sbatch): an orphan would race with the next run's jobs.
    os.environ["SNAKEMAKE_PID"] = str(os.getpid())
    # Idle OpenMP threads sleep rather than spin: on cores that other work shares, spinning threads
    # hold up the ones they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Then a rule's own environment is on the PATH, and envs/python looks no further.
    os.environ.pop("CACO_DEPLOYED", None)
    if deployed:
        os.environ["CACO_DEPLOYED"] = "1"


def pinned_list(env: str) -> str:
    """Returns the name of the pinned list, under envs/, that an environment is made from.

    vLLM is another package where there are NVIDIA GPUs, and only a person can say whether the nodes
    have them: `CACO_ACCELERATOR=cuda`, as for `make envs`.
    """
    accelerator = os.environ.get("CACO_ACCELERATOR", "cpu")
    return env if env != "infer" or accelerator == "cpu" else f"{env}_{accelerator}"
