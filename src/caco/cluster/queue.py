"""What Slurm's queue holds of a checkout."""

from dataclasses import dataclass
from pathlib import Path

from caco.cluster.ask import answer

# The profile's slurm-jobname-prefix: tells our jobs from others that were submitted in this folder.
PREFIX = "caco_"


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that waits or runs.

    Attributes:
        number: Slurm's.
        state: In small letters: `pending`, `running`.
        reason: Why it waits, as Slurm puts it.
    """

    number: str
    state: str
    reason: str


def queued(folder: Path, user: int, timeout_s: float | None = None) -> list[Queued]:
    """Returns the jobs that a user submitted in a folder and that have not ended.

    Args:
        folder: The checkout.
        user: The user's number.
        timeout_s: How long Slurm may take to answer; as long as it takes where None.

    Raises:
        ClusterError: Slurm does not answer, or is not here.
    """
    asked = ["squeue", "--noheader", "--user", str(user), "--format", "%i|%T|%r|%j|%Z"]
    rows = [line.split("|", 4) for line in answer(asked, timeout_s).splitlines()]
    return [
        Queued(number, state.lower(), reason)
        for number, state, reason, name, workdir in rows
        if name.startswith(PREFIX) and workdir == str(folder)
    ]
