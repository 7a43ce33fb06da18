"""The Slurm client: every question to Slurm, put to its own commands."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caco.errors import ClusterError


def slurm_output(command: Sequence[str], timeout_s: float | None = None) -> str:
    """Returns what a command of Slurm's prints.

    Args:
        command: The command.
        timeout_s: How long Slurm may take to answer; as long as it takes where None.

    Raises:
        ClusterError: Slurm does not answer, or is not here.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise ClusterError(f"{command[0]} does not answer ({type(e).__name__})") from None
    if done.returncode:
        raise ClusterError(f"{command[0]} does not answer: {done.stderr.strip()}")
    return done.stdout


# The profile's slurm-jobname-prefix: tells our jobs from others that were submitted in this folder.
JOB_NAME_PREFIX = "caco_"


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that waits or runs.

    Attributes:
        number: Slurm's.
        state: In small letters: `pending`, `running`.
        reason: Why it waits, as Slurm puts it.
    """

    number: str
    state: str
    reason: str


def queued_jobs(folder: Path, user: int, timeout_s: float | None = None) -> list[QueuedJob]:
    """Returns the jobs that a user submitted in a folder and that have not ended.

    Args:
        folder: The checkout.
        user: The user's number.
        timeout_s: How long Slurm may take to answer; as long as it takes where None.

    Raises:
        ClusterError: Slurm does not answer, or is not here.
    """
    asked = ["squeue", "--noheader", "--user", str(user), "--format", "%i|%T|%r|%j|%Z"]
    rows = [line.split("|", 4) for line in slurm_output(asked, timeout_s).splitlines()]
    return [
        QueuedJob(number, state.lower(), reason)
        for number, state, reason, name, workdir in rows
        if name.startswith(JOB_NAME_PREFIX) and workdir == str(folder)
    ]
