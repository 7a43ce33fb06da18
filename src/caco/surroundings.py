"""What Snakemake tells its jobs through their environment."""

import os
import signal
import threading


def tell_jobs(deployed: bool) -> None:
    """Sets the variables and the one signal's action that every job of this Snakemake inherits.

    Args:
        deployed: Whether Snakemake makes the rules' environments (conda, Apptainer).
    """
    # A job ends itself when this process is gone (caco.job): an orphan would race with the next
    # run's jobs.
    os.environ["SNAKEMAKE_PID"] = str(os.getpid())
    # Idle OpenMP threads sleep rather than spin: on cores that other work shares, spinning threads
    # hold up the ones they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Then a rule's own environment is on the PATH, and envs/python looks no further.
    os.environ.pop("CACO_DEPLOYED", None)
    if deployed:
        os.environ["CACO_DEPLOYED"] = "1"
    # Slurm's notice before a time limit or a preemption (`--signal=USR1@SECONDS`) reaches every
    # process of the job. Trainings obey it (caco.training.notice); it must not end the others.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
