"""What a job was given by the scheduler, and what it used of it."""

import os
import re
import resource
import subprocess
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_LIMIT = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")  # squeue's [days-][hours:]minutes:seconds


def given() -> dict[str, int] | None:
    """Returns what Slurm gave to this job, None where there is no Slurm.

    `nodes`; on each of them `cores`, `mem_mb` and `gpus`; `wall_s`, the time limit in seconds. What
    the cluster does not say or does not limit is left out.
    """
    number = os.environ.get("SLURM_JOB_ID")
    if number is None:
        return None
    cores = _number("SLURM_CPUS_ON_NODE")
    memory = _number("SLURM_MEM_PER_NODE") or (_number("SLURM_MEM_PER_CPU") or 0) * (cores or 0)
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    found = {
        "nodes": _number("SLURM_JOB_NUM_NODES"),
        "cores": cores,
        "mem_mb": memory or None,
        "gpus": _number("SLURM_GPUS_ON_NODE") or (len(devices.split(",")) if devices else 0),
        "wall_s": _limit(number),
    }
    return {name: value for name, value in found.items() if value is not None}


def used() -> dict[str, float]:
    """Returns what this process and those that it has waited for used so far, on this node.

    `cpu_s`, seconds of CPU time; `process_mb`, the most memory that one process of them held at a
    time; where Slurm keeps the job in a cgroup, `job_mb`, the most that all of them held together,
    with the file cache that the kernel counts there.
    """
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in every), 3),
        "process_mb": round(max(one.ru_maxrss for one in every) / 1024),
    }
    peak = cgroup_peak(Path("/proc/self/cgroup"), _CGROUPS)
    return found if peak is None else {**found, "job_mb": round(peak / (1 << 20))}


def cgroup_peak(own: Path, mounted: Path) -> int | None:
    """Returns the most bytes that the Slurm job of a process held, None where Slurm has no cgroup.

    Args:
        own: The process's `/proc/{pid}/cgroup`.
        mounted: Where the cgroups are mounted.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        job = re.search(r"^.*/job_\d+(?=/|$)", path)
        if job is None or controllers not in ("", "memory"):
            continue
        for file in (
            mounted / job[0].lstrip("/") / "memory.peak",  # version 2
            mounted / "memory" / job[0].lstrip("/") / "memory.max_usage_in_bytes",  # version 1
        ):
            try:
                return int(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
    return None


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() else None


def _limit(number: str) -> int | None:
    """Returns a job's time limit in seconds: older Slurms do not put it in the environment."""
    asked = ["squeue", "--noheader", "--jobs", number, "--format", "%l"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = _LIMIT.fullmatch(done.stdout.strip())
    if found is None:
        return None  # unlimited
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
