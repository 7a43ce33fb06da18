"""The GPUs of a job: which ones it was given, and how busy they were."""

import os
import subprocess
import threading
import time
from contextlib import suppress
from statistics import fmean

from caco.errors import ClusterError

# What schedulers say to a job without a GPU: nothing, or (older Slurms) that there are no devices.
_NONE = ("", "NoDevFiles")
_EVERY_S = 15.0
_ANSWER_S = 20.0


def visible_gpus() -> str | None:
    """Returns the GPUs that the scheduler gave to this job, in its words; None without one."""
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def assigned_gpus() -> list[str]:
    """Returns the names of this job's GPUs on this node; all there are where nobody gives them."""
    said = visible_gpus()
    if said is None and "SLURM_JOB_ID" not in os.environ:
        return [name for (name,) in query_gpus("index")]
    return [] if said is None or said in _NONE else said.split(",")


def gpu_groups(size: int) -> list[str]:
    """Returns those GPUs in groups of `size`, each as `CUDA_VISIBLE_DEVICES` names it.

    GPUs that fill no group are left out.
    """
    names = assigned_gpus()
    return [",".join(names[at : at + size]) for at in range(0, len(names) - size + 1, size)]


def query_gpus(*fields: str) -> list[list[str]]:
    """Returns the fields of each GPU that this job was given, as `nvidia-smi --query-gpu` has them.

    Empty where there is none, or nobody who could tell.
    """
    said = visible_gpus()
    if said in _NONE:
        return []
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    # A node that keeps no job from the others' GPUs shows all of them.
    command += [f"--id={said}"] if said else []
    try:
        out = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.split(", ") for line in out.strip().splitlines()]


def require_usable_gpus(sees: bool, who: str) -> None:
    """Returns unless this job has GPUs and the library that is to use them sees none.

    It would run on the CPU, for days, without a word.

    Args:
        sees: Whether the library sees a GPU.
        who: The library and its build, as `torch 2.13.0+cu130`.

    Raises:
        ClusterError: The job has a GPU.
    """
    if not sees and (cards := query_gpus("name", "driver_version")):
        name, driver = cards[0]
        raise ClusterError(
            f"this job has {len(cards)} GPUs ({name}, driver {driver}), and {who} can use none; "
            "have a driver for that CUDA, or make the environments with CACO_ACCELERATOR=cuda; to "
            "run on the CPU, put CUDA_VISIBLE_DEVICES= before the command"
        )


def gpu_load() -> tuple[float, float] | None:
    """Returns how busy this job's GPUs are, and the memory in use on the fullest; None without any.

    Busy is the share of the time just before in which a kernel ran, mean over the GPUs; memory is
    in MB.

    Raises:
        ValueError: A card does not tell.
    """
    if not (seen := query_gpus("utilization.gpu", "memory.used")):
        return None
    return fmean(float(busy) / 100 for busy, _ in seen), max(float(used) for _, used in seen)


class GpuMonitor:
    """Looks at a job's GPUs now and then, from its making until the process ends."""

    def __init__(self, every_s: float = _EVERY_S) -> None:
        """Begins to look; where there is no GPU it looks once.

        Args:
            every_s: Seconds between two looks.
        """
        self._every_s = every_s
        self._busy: list[float] = []
        self._most_mb = 0.0
        threading.Thread(target=self._look, daemon=True).start()

    def used(self) -> dict[str, float]:
        """Returns what was seen: nothing where there is no GPU.

        `gpu_busy`, the share of time in which a kernel ran, mean over time and GPUs; `gpu_mb`, the
        most memory that was in use on one of them.
        """
        if not self._busy:
            return {}
        return {"gpu_busy": round(fmean(self._busy), 3), "gpu_mb": self._most_mb}

    def _look(self) -> None:
        while True:
            with suppress(ValueError):  # what a card does not tell is "[N/A]"
                if (seen := gpu_load()) is None:
                    return
                self._most_mb = max(self._most_mb, seen[1])
                self._busy.append(seen[0])
            time.sleep(self._every_s)
