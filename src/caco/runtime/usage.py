"""The resources of a job: those requested from Slurm, and those used."""

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
    """Returns the resources that Slurm allocated to this job on its request; None without Slurm.

    `nodes`; `cores`, `mem_mb` and `gpus` of each node; `wall_s`, the time limit in seconds. A
    resource that the cluster does not report or does not limit is left out.
    """
    job_id = os.environ.get("SLURM_JOB_ID")
    if job_id is None:
        return None
    limit, tres = _query_job(job_id)
    nodes = int(tres.get("node", "1"))
    # Slurm lists GPUs in TRES only if AccountingStorageTRES includes them.
    found = {"gpus": len(gpus.assigned_gpus())}
    if limit is not None:
        found["wall_s"] = limit
    if "node" in tres:
        found["nodes"] = nodes
    if "cpu" in tres:
        found["cores"] = int(tres["cpu"]) // nodes
    if (memory := _MEMORY.fullmatch(tres.get("mem", ""))) is not None:
        found["mem_mb"] = round(float(memory[1]) * _MB[memory[2]] / nodes)
    return found


def used_resources() -> dict[str, float]:
    """Returns the resources that this process and its reaped children have used on this node.

    `cpu_s`: CPU time in seconds; `process_mb`: the peak memory of the largest process; if Slurm
    runs the job in a cgroup, `job_mb`: the peak memory of the job, including the file cache.
    """
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in usages), 3),
        "process_mb": round(max(one.ru_maxrss for one in usages) / 1024),
    }
    peak = cgroup_peak(Path("/proc/self/cgroup"), _CGROUPS)
    return found if peak is None else {**found, "job_mb": round(peak / (1 << 20))}


def cgroup_peak(own: Path, mounted: Path) -> int | None:
    """Returns the peak memory of a process's Slurm job in bytes; None without a cgroup of Slurm.

    Args:
        own: The process's `/proc/{pid}/cgroup`.
        mounted: The mount point of the cgroups.
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


def _query_job(job_id: str) -> tuple[int | None, dict[str, str]]:
    """Returns a job's time limit in seconds and its allocated TRES, from squeue.

    The environment lacks them: older Slurms do not set the limit, and Snakemake's executor drops
    memory and nodes.
    """
    command = [
        "squeue", "--noheader", "--jobs", job_id, "--Format", "TimeLimit:30,tres-alloc:300",
    ]  # fmt: skip
    try:
        limit, tres = slurm_output(command, timeout_s=20).split()
        return _seconds(limit), dict(item.split("=", 1) for item in tres.split(","))
    except (ClusterError, ValueError):
        return None, {}


def _seconds(limit: str) -> int | None:
    found = _LIMIT.fullmatch(limit)
    if found is None:
        return None  # unlimited
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
