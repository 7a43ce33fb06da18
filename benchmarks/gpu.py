"""GPU utilisation and memory during a benchmark, and the peak throughput of known GPUs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import fmean

from caco.runtime.gpus import gpu_load, query_gpus

_EVERY_S = 1.0
# Dense bf16 TFLOP/s from NVIDIA's data sheets (SXM boards).
_PEAK = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "B200": 2250.0}


@dataclass(slots=True)
class GpuUsage:
    """Samples of the GPUs, one value per sample.

    Attributes:
        busy: Share of the time in which a kernel ran, mean over the GPUs.
        used_mb: Maximum over the GPUs of the memory in use.
    """

    busy: list[float] = field(default_factory=list)
    used_mb: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.busy:
            return "-"
        return f"{fmean(self.busy):.0%} busy, {max(self.used_mb):,.0f} MB"


@contextmanager
def sampled_gpus(usage: GpuUsage) -> Iterator[None]:
    """Adds a sample of the GPUs to `usage` every second, until the block ends."""
    stopped = threading.Event()

    def sample() -> None:
        while not stopped.wait(_EVERY_S):
            with suppress(ValueError):  # a GPU that does not report its load
                if (now := gpu_load()) is None:
                    return
                usage.busy.append(now[0])
                usage.used_mb.append(now[1])

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def gpu_names() -> list[str]:
    """Returns the names of the GPUs; an empty list without a GPU."""
    return [name for (name,) in query_gpus("name")]


def peak_tflops() -> float | None:
    """Returns the peak bf16 throughput of one GPU in TFLOP/s, or None for an unknown model."""
    known = [peak for model, peak in _PEAK.items() if any(model in name for name in gpu_names())]
    return known[0] if known else None
