"""Questions to Slurm, by its own commands."""

import subprocess
from collections.abc import Sequence

from caco.errors import ClusterError


def answer(command: Sequence[str], timeout_s: float | None = None) -> str:
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
