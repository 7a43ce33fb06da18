"""Progress lines in logs (rows done, rate, time left): printing them, and reading them back.

A job's log contains its own lines, without those of the libraries.
"""

import logging
import os
import re
import sys
import time
import warnings
from dataclasses import dataclass
from typing import TextIO

_LINE = re.compile(r"^.+?: ([\d,]+) of ([\d,]+) (\w+), (.+), (?:done|(.+) left)$", re.MULTILINE)
_SECONDS = {"s": 1, "min": 60, "h": 3600}


class Progress:
    """Prints a line of progress at intervals while a job processes its rows."""

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
        self._first: tuple[float, int] | None = None  # time and rows of the first line
        self.done = 0

    def add(self, rows: int = 1) -> None:
        """Counts `rows` more rows as done."""
        self.done += rows
        now = time.monotonic()
        if now - self._printed >= self._every or self.done == self._total:
            print(self.line(self._rate(now)), file=self._out, flush=True)
            self._printed = now
            self._first = self._first or (now, self.done)

    def line(self, rate: float) -> str:
        """Returns the line for a rate of `rate` rows per second; 0 if it is not known."""
        left = (self._total - self.done) / rate if rate else float("inf")
        per_s = f"{rate:,.1f}/s" if rate else "no rate yet"
        return progress_line(self._label, self.done, self._total, self._unit, per_s, left)

    def _rate(self, now: float) -> float:
        """Returns the rows per second since the first line; 0 on that line, unless it is the last.

        The time before it does not count: the engine starts, and the rows of earlier starts are
        read at once.
        """
        if self._first and now - self._first[0] >= self._every:
            start, before = self._first
        elif self.done == self._total:
            start, before = self._started, 0
        else:
            return 0.0
        return (self.done - before) / (now - start) if now > start else 0.0


@dataclass(frozen=True, slots=True)
class ReportedProgress:
    """The values of a line of progress.

    Attributes:
        done: Finished rows, steps or whatever the job counts.
        total: Their total.
        unit: What is counted.
        rate: The rate as printed, with other values before it: `loss 0.2, 1.9/s`.
        left_s: Seconds left when the line was printed; None if unknown.
    """

    done: int
    total: int
    unit: str
    rate: str
    left_s: float | None


def progress_line(label: str, done: int, total: int, unit: str, rate: str, left_s: float) -> str:
    """Returns the line of progress that every job prints and `read_progress` reads."""
    when = "done" if done >= total else f"{duration(left_s)} left"
    return f"{label}: {done:,} of {total:,} {unit}, {rate}, {when}"


def read_progress(log: str) -> ReportedProgress | None:
    """Returns the last progress in a job's log; None without a line of progress."""
    lines = _LINE.findall(log)
    if not lines:
        return None
    done, total, unit, rate, left = lines[-1]
    return ReportedProgress(
        _number(done), _number(total), unit, rate, _seconds(left) if left else 0.0
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _seconds(text: str) -> float | None:
    """Returns the seconds of a text that `duration` has formatted; None for `unknown`."""
    words = text.split()
    if len(words) % 2 or not set(words[1::2]) <= _SECONDS.keys():
        return None
    return float(sum(int(n) * _SECONDS[u] for n, u in zip(words[::2], words[1::2], strict=True)))


def duration(seconds: float) -> str:
    """Returns `seconds` in readable form: 42 s, 3 min 05 s, 2 h 10 min."""
    if seconds == float("inf"):
        return "unknown"
    s = round(seconds)
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60:02d} s"
    return f"{s // 3600} h {s % 3600 // 60:02d} min"


def silence_libraries() -> None:
    """Turns off the progress bars and log messages of transformers, torch and related libraries.

    Errors are still raised. Call it before the first import of transformers: tqdm reads its
    environment variable on import.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from transformers.utils import logging as hf_logging

    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    for name in ("torch", "accelerate", "trl", "datasets", "DeepSpeed"):
        logging.getLogger(name).setLevel(logging.ERROR)
