"""Descendants of this process: listing them, and killing them at random."""

import os
import random
import signal
import threading

from caco.runtime.process import children


def below(pid: int) -> list[int]:
    """Returns all descendants of `pid`."""
    known = children()
    found = list(known[pid])
    for process in found:
        found += known[process]
    return found


class Killer:
    """Kills random descendants of this process with SIGKILL; a context manager.

    Attributes:
        killed: How many it has killed so far.
    """

    def __init__(self, times: int, pause_s: float) -> None:
        """Takes the number of processes to kill and the mean pause between two kills."""
        self.killed = 0
        self._times, self._pause_s = times, pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop)

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        rng = random.Random(7)
        while self.killed < self._times and not self._stop.wait(self._pause_s * rng.random() * 2):
            try:
                os.kill(rng.choice(below(os.getpid())), signal.SIGKILL)
                self.killed += 1
            except (ProcessLookupError, IndexError):
                continue
