"""What a job was given by the scheduler, and what it used of it."""

import os
import re
import resource
from pathlib import Path

from caco.errors import ClusterError
from caco.runtime import gpus
from caco.runtime.slurm_client import slurm_output

_CGROUPS = Path("/sys/fs/cgroup")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT])")
_MB = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024}
_LIMIT = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")  # squeue's [days-][hours:]minutes:seconds


def requested_resources() -> dict[str, int] | None:
    """Returns what Slurm gave to this job, None where there is no Slurm.

    `nodes`; on each of them `cores`, `mem_mb` and `gpus`; `wall_s`, the time limit in seconds. What
    the cluster does not say or does not limit is left out.
    """
    number = os.environ.get("SLURM_JOB_ID")
    if number is None:
        return None
    limit, counted = _ask(number)
    nodes = int(counted.get("node", "1"))
    # Slurm counts GPUs among what it gave only where it is told to.
    found = {"gpus": len(gpus.assigned_gpus())}
    if limit is not None:
        found["wall_s"] = limit
    if "node" in counted:
        found["nodes"] = nodes
    if "cpu" in counted:
        found["cores"] = int(counted["cpu"]) // nodes
    if (memory := _MEMORY.fullmatch(counted.get("mem", ""))) is not None:
        found["mem_mb"] = round(float(memory[1]) * _MB[memory[2]] / nodes)
    return found


def used_resources() -> dict[str, float]:
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


def _ask(number: str) -> tuple[int | None, dict[str, str]]:
    """Asks Slurm for a job's time limit in seconds and for what it counts of what it gave.

    The environment does not tell: older Slurms leave the limit out, and Snakemake's executor drops
    memory and nodes.
    """
    asked = ["squeue", "--noheader", "--jobs", number, "--Format", "TimeLimit:30,tres-alloc:300"]
    try:
        limit, counted = slurm_output(asked, timeout_s=20).split()
        return _seconds(limit), dict(item.split("=", 1) for item in counted.split(","))
    except (ClusterError, ValueError):
        return None, {}


def _seconds(limit: str) -> int | None:
    found = _LIMIT.fullmatch(limit)
    if found is None:
        return None  # unlimited
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
