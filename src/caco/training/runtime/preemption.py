"""The cluster's notice: a signal that asks a training to put its work in safety and end.

Slurm sends SIGUSR1 ahead of the time limit and of a preemption where the job asks for it
(`--signal=USR1@300`), else SIGTERM. It reaches every process of the job's steps. The script obeys,
and so does each node's torchrun: the script of a job of several nodes runs in the batch script,
which is no step. They leave a file, which rank 0 looks for after each step, so that all ranks end
after the same one.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGUSR1, signal.SIGTERM)


@contextmanager
def preemption_handler(file: Path) -> Iterator[None]:
    """Makes `file` when this process is given notice, which does not end it meanwhile."""

    def notice(number: int, frame: FrameType | None) -> None:
        file.touch()

    before = {number: signal.signal(number, notice) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def forward_preemption(file: Path) -> None:
    """Makes `file` when this process is given notice; its children are deaf to it and to Ctrl-C.

    Children inherit what is blocked or ignored, not a handler: so the signals are waited for.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def wait() -> None:
        while True:
            signal.sigwait(_SIGNALS)
            with suppress(FileNotFoundError):  # the training has ended meanwhile
                file.touch()

    threading.Thread(target=wait, daemon=True).start()
