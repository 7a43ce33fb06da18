"""The Slurm client: queries Slurm through its commands."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caco.errors import ClusterError


def slurm_output(command: Sequence[str], timeout_s: float | None = None) -> str:
    """Returns the output of a Slurm command.

    Args:
        command: The command.
        timeout_s: Seconds until the command is given up; None for no limit.

    Raises:
        ClusterError: Slurm does not answer or is not installed.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise ClusterError(f"{command[0]} does not answer ({type(e).__name__})") from None
    if done.returncode:
        raise ClusterError(f"{command[0]} does not answer: {done.stderr.strip()}")
    return done.stdout


# The profile's slurm-jobname-prefix: distinguishes this workflow's jobs from others in the folder.
JOB_NAME_PREFIX = "caco_"


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A pending or running job.

    Attributes:
        job_id: Its ID.
        state: In lower case: `pending`, `running`.
        reason: Slurm's reason why it is pending.
    """

    job_id: str
    state: str
    reason: str


def queued_jobs(folder: Path, user: int, timeout_s: float | None = None) -> list[QueuedJob]:
    """Returns a user's pending and running jobs that were submitted in a folder.

    Args:
        folder: The checkout.
        user: The user ID.
        timeout_s: Seconds until the command is given up; None for no limit.

    Raises:
        ClusterError: Slurm does not answer or is not installed.
    """
    command = ["squeue", "--noheader", "--user", str(user), "--format", "%i|%T|%r|%j|%Z"]
    rows = [line.split("|", 4) for line in slurm_output(command, timeout_s).splitlines()]
    return [
        QueuedJob(job_id, state.lower(), reason)
        for job_id, state, reason, name, workdir in rows
        if name.startswith(JOB_NAME_PREFIX) and workdir == str(folder)
    ]
