"""The GPUs of a job: which ones it may use, how busy they are, and what they consume."""

import os
import re
import subprocess
import threading
import time
from contextlib import suppress
from itertools import pairwise
from statistics import fmean

from caco.errors import ClusterError

# CUDA_VISIBLE_DEVICES of a job without GPUs: empty, or (older Slurms) this word.
_NONE = ("", "NoDevFiles")
_INTERVAL_S = 15.0
_TIMEOUT_S = 20.0
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def visible_gpus() -> str | None:
    """Returns CUDA_VISIBLE_DEVICES as the scheduler sets it; None without a scheduler."""
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def assigned_gpus() -> list[str]:
    """Returns the names of this job's GPUs on this node; all GPUs without a scheduler."""
    visible = visible_gpus()
    if visible is None and "SLURM_JOB_ID" not in os.environ:
        return [name for (name,) in query_gpus("index")]
    return [] if visible is None or visible in _NONE else visible.split(",")


def gpu_groups(size: int) -> list[str]:
    """Returns the job's GPUs in groups of `size`, each as a value of CUDA_VISIBLE_DEVICES.

    GPUs that are left over are not used.
    """
    names = assigned_gpus()
    return [",".join(names[at : at + size]) for at in range(0, len(names) - size + 1, size)]


def query_gpus(*fields: str) -> list[list[str]]:
    """Returns fields of each of this job's GPUs, as `nvidia-smi --query-gpu` prints them.

    Empty if the job has no GPU, or nvidia-smi does not answer.
    """
    visible = visible_gpus()
    if visible in _NONE:
        return []
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    # Where the node does not isolate the jobs' GPUs, nvidia-smi would print all of them.
    command += [f"--id={visible}"] if visible else []
    try:
        out = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.split(", ") for line in out.strip().splitlines()]


def require_usable_gpus(usable: bool, library: str) -> None:
    """Checks that the library can use a GPU if the job has one.

    Otherwise the job would silently run on the CPU, for days.

    Args:
        usable: Whether the library can use a GPU.
        library: The library and its build, as `torch 2.13.0+cu130`.

    Raises:
        ClusterError: The job has GPUs, and the library can use none of them.
    """
    if not usable and (gpus := query_gpus("name", "driver_version")):
        name, driver = gpus[0]
        raise ClusterError(
            f"this job has {len(gpus)} GPUs ({name}, driver {driver}), but {library} can use none; "
            "install a driver for its CUDA version, or make the environments with "
            "CACO_ACCELERATOR=cuda; to run on the CPU, put CUDA_VISIBLE_DEVICES= before the command"
        )


def gpu_load() -> tuple[float, float, float | None] | None:
    """Returns utilization, largest memory use and power of this job's GPUs; None without GPUs.

    The utilization is the share of the last sampling period in which a kernel ran, averaged over
    the GPUs; memory is in MB. The power is that of all GPUs together, in watts; None if one does
    not report it.

    Raises:
        ValueError: A GPU does not report the others.
    """
    if not (rows := query_gpus("utilization.gpu", "memory.used", "power.draw")):
        return None
    busy, used, power = zip(*rows, strict=True)
    return (
        fmean(float(percent) / 100 for percent in busy),
        max(map(float, used)),
        sum(map(float, power)) if all(map(_NUMBER.fullmatch, power)) else None,
    )


class GpuMonitor:
    """Samples the load of a job's GPUs, until the process exits."""

    def __init__(self, interval_s: float = _INTERVAL_S) -> None:
        """Starts sampling; without a GPU it samples once.

        Args:
            interval_s: Seconds between two samples.
        """
        self._interval_s = interval_s
        self._busy: list[float] = []
        self._peak_mb = 0.0
        self._power: list[tuple[float, float]] = []  # of all GPUs in watts, by time in seconds
        threading.Thread(target=self._sample, daemon=True).start()

    def used(self) -> dict[str, float]:
        """Returns the samples' summary; empty without a GPU.

        `gpu_busy`: the share of time in which a kernel ran, averaged over time and GPUs; `gpu_mb`:
        the largest memory in use on one GPU; `gpu_j`: the energy of all GPUs in joules, which is
        their power added up over time, if all report it.
        """
        if not self._busy:
            return {}
        found = {"gpu_busy": round(fmean(self._busy), 3), "gpu_mb": self._peak_mb}
        return {**found, **({"gpu_j": self._joules()} if self._power else {})}

    def _joules(self) -> float:
        """Returns the energy from the first sample until now."""
        samples = [*self._power, (time.monotonic(), self._power[-1][1])]
        return round(
            sum(
                (later - earlier) * (before + after) / 2
                for (earlier, before), (later, after) in pairwise(samples)
            ),
            3,
        )

    def _sample(self) -> None:
        while True:
            with suppress(ValueError):  # a GPU may report "[N/A]"
                if (load := gpu_load()) is None:
                    return
                self._peak_mb = max(self._peak_mb, load[1])
                self._busy.append(load[0])
                if load[2] is not None:
                    self._power.append((time.monotonic(), load[2]))
            time.sleep(self._interval_s)
