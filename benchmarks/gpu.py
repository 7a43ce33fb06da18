"""What a benchmark's GPUs did meanwhile, and what they could have done."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import fmean

from caco.runtime.gpus import gpu_load, query_gpus

_EVERY_S = 1.0
# Dense bf16, TFLOP/s, of NVIDIA's data sheets (SXM boards).
_PEAK = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "B200": 2250.0}


@dataclass(slots=True)
class Seen:
    """What was seen of the GPUs, a number a look.

    Attributes:
        busy: Shares of the time in which a kernel ran, mean over the GPUs.
        used_mb: Most memory in use on one of them.
    """

    busy: list[float] = field(default_factory=list)
    used_mb: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.busy:
            return "-"
        return f"{fmean(self.busy):.0%} busy, {max(self.used_mb):,.0f} MB"


@contextmanager
def watching(seen: Seen) -> Iterator[None]:
    """Adds to `seen`, every second, what the GPUs do in the block."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_EVERY_S):
            with suppress(ValueError):  # a card that does not tell
                if (now := gpu_load()) is None:
                    return
                seen.busy.append(now[0])
                seen.used_mb.append(now[1])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def names() -> list[str]:
    """Returns the GPUs' names, none where there is none."""
    return [name for (name,) in query_gpus("name")]


def peak_tflops() -> float | None:
    """Returns the most that one of the GPUs does in bf16, TFLOP/s, where it is known."""
    known = [peak for model, peak in _PEAK.items() if any(model in name for name in names())]
    return known[0] if known else None
