"""Preemption signals: Slurm's warning upon which a training run saves a checkpoint and stops.

Slurm sends SIGUSR1 before the time limit and before a preemption if the job requests it
(`--signal=USR1@300`), otherwise SIGTERM. The signal reaches every process of the job's steps. The
script handles it, and so does the torchrun of each node, because the script of a multi-node job
runs in the batch script, which is not a step. Both create a file that rank 0 checks after each
step, so that all ranks stop after the same step.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGUSR1, signal.SIGTERM)


@contextmanager
def preemption_handler(file: Path) -> Iterator[None]:
    """Creates `file` when a preemption signal arrives, instead of terminating the process."""

    def create_file(number: int, frame: FrameType | None) -> None:
        file.touch()

    before = {number: signal.signal(number, create_file) for number in SIGNALS}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def forward_preemption(file: Path) -> None:
    """Creates `file` when a preemption signal arrives; children ignore it, and Ctrl-C as well.

    Children inherit blocked and ignored signals but not handlers, so the signals are blocked and a
    thread waits for them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def wait() -> None:
        while True:
            signal.sigwait(SIGNALS)
            with suppress(FileNotFoundError):  # the training has finished meanwhile
                file.touch()

    threading.Thread(target=wait, daemon=True).start()
