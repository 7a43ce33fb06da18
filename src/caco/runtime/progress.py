"""Progress that a person can read: rows done, rate, time left; and how it is read back."""

import re
import sys
import time
from dataclasses import dataclass
from typing import TextIO

_LINE = re.compile(r"^.+?: ([\d,]+) of ([\d,]+) (\w+), (.+), (?:done|(.+) left)$", re.MULTILINE)
_SECONDS = {"s": 1, "min": 60, "h": 3600}


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
        self._began = self._printed = time.monotonic()
        self._first: tuple[float, int] | None = None  # the first line: when, and rows done by then
        self.done = 0

    def add(self, rows: int = 1) -> None:
        """Counts `rows` more as done."""
        self.done += rows
        now = time.monotonic()
        if now - self._printed >= self._every or self.done == self._total:
            print(self.line(self._rate(now)), file=self._out, flush=True)
            self._printed = now
            self._first = self._first or (now, self.done)

    def line(self, rate: float) -> str:
        """Returns the line for a pace of `rate` rows a second."""
        left = (self._total - self.done) / rate if rate else float("inf")
        pace = f"{rate:,.1f}/s"
        return progress_line(self._label, self.done, self._total, self._unit, pace, left)

    def _rate(self, now: float) -> float:
        """Returns the rows a second since the first line.

        What came before it says nothing of the rows to come: an engine that starts, and the rows
        that a killed job left behind, which are there at once.
        """
        began, before = self._began, 0
        if self._first and now - self._first[0] >= self._every:
            began, before = self._first
        return (self.done - before) / (now - began) if now > began else 0.0


@dataclass(frozen=True, slots=True)
class ReportedProgress:
    """What a line of progress says.

    Attributes:
        done: Rows, steps or whatever the job counts.
        total: All of them.
        unit: What they are.
        pace: As the job puts it, with whatever else it tells: `1.9/s`.
        left_s: Seconds left when the line was printed; None where it could not be told.
    """

    done: int
    total: int
    unit: str
    pace: str
    left_s: float | None


def progress_line(label: str, done: int, total: int, unit: str, pace: str, left_s: float) -> str:
    """Returns the line that every job prints of its progress, and that `read_progress` reads."""
    when = "done" if done >= total else f"{duration(left_s)} left"
    return f"{label}: {done:,} of {total:,} {unit}, {pace}, {when}"


def read_progress(log: str) -> ReportedProgress | None:
    """Returns what the last line of progress in a job's log says, None where there is none."""
    lines = _LINE.findall(log)
    if not lines:
        return None
    done, total, unit, pace, left = lines[-1]
    return ReportedProgress(
        _number(done), _number(total), unit, pace, _seconds(left) if left else 0.0
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _seconds(text: str) -> float | None:
    """Returns the seconds of what `duration` made of them."""
    words = text.split()
    if len(words) % 2 or not set(words[1::2]) <= _SECONDS.keys():
        return None
    return float(sum(int(n) * _SECONDS[u] for n, u in zip(words[::2], words[1::2], strict=True)))


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
