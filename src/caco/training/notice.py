"""The cluster's notice: a signal that asks a training to put its work in safety and end.

Slurm sends SIGUSR1 ahead of the time limit and of a preemption where the job asks for it
(`--signal=USR1@300`), else SIGTERM. It reaches every process of the job, on one node or on all;
only the script obeys. It leaves a file, which rank 0 looks for after each step, so that all ranks
end after the same one.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGUSR1, signal.SIGTERM)


@contextmanager
def noticing(file: Path) -> Iterator[None]:
    """Makes `file` when this process is given notice, which does not end it meanwhile."""

    def notice(number: int, frame: FrameType | None) -> None:
        file.touch()

    before = {number: signal.signal(number, notice) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def leave_to_the_script() -> None:
    """Makes this process and its children deaf to a notice and to Ctrl-C: the script ends them."""
    for number in (*_SIGNALS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
