"""Progress that a person can read: rows done, rate, time left."""

import sys
import time
from typing import TextIO


class Progress:
    """Prints a line now and then while a long job works through its rows."""

    def __init__(
        self,
        label: str,
        total: int,
        unit: str = "rows",
        every_s: float = 10.0,
        out: TextIO | None = None,
    ) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._every, self._out = every_s, out if out is not None else sys.stderr
        self._started = self._printed = time.monotonic()
        self.done = 0

    def add(self, rows: int = 1) -> None:
        """Counts `rows` more as done."""
        self.done += rows
        now = time.monotonic()
        if now - self._printed >= self._every or self.done == self._total:
            self._printed = now
            print(self.line(now - self._started), file=self._out, flush=True)

    def line(self, elapsed_s: float) -> str:
        """Returns the line for `elapsed_s` seconds of work."""
        rate = self.done / elapsed_s if elapsed_s > 0 else 0.0
        left = (self._total - self.done) / rate if rate else float("inf")
        when = "done" if self.done >= self._total else f"{duration(left)} left"
        return (
            f"{self._label}: {self.done:,} of {self._total:,} {self._unit}, {rate:,.1f}/s, {when}"
        )


def duration(seconds: float) -> str:
    """Returns `seconds` as a person says it: 42 s, 3 min 05 s, 2 h 10 min."""
    if seconds == float("inf"):
        return "unknown"
    s = round(seconds)
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60:02d} s"
    return f"{s // 3600} h {s % 3600 // 60:02d} min"
