"""Descendants of this process: listing them, and killing them at random."""

import os
import random
import signal
import time
from collections.abc import Iterable, Iterator

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.process import children
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution


def below(pid: int) -> list[int]:
    """Returns all descendants of `pid`."""
    known = children()
    found = list(known[pid])
    for process in found:
        found += known[process]
    return found


class DisturbedSandbox(NsjailSandbox):
    """A sandbox of which a random process is killed with SIGKILL after a number of programs.

    Kills are counted in programs, not in seconds: on a slow machine a clock would kill every jail
    before its first program.

    Attributes:
        killed: Processes killed so far.
    """

    def __init__(self, limits: Limits, workers: int, every: int) -> None:
        """Takes the arguments of a sandbox, and the number of programs between two kills."""
        super().__init__(limits, workers)
        self.killed = 0
        self._every = every
        self._given = 0
        self._rng = random.Random(7)

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        """Executes `programs` as `NsjailSandbox.run` does."""
        return super().run(self._disturbed(programs), repeat)

    def _disturbed(self, programs: Iterable[str]) -> Iterator[str]:
        for program in programs:
            yield program
            self._given += 1
            if self._given % self._every == 0:
                self._kill()

    def _kill(self) -> None:
        while True:
            try:
                os.kill(self._rng.choice(below(os.getpid())), signal.SIGKILL)
            except (ProcessLookupError, IndexError):  # it has exited, or every jail is down
                time.sleep(0.01)
                continue
            self.killed += 1
            return
