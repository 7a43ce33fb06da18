"""What can be said when the preflight job failed without a word.

A job whose node does not see this folder can write neither its log nor Slurm's, so nobody but the
submitting side is left to say so.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caco.errors import ClusterError


def remove_old_logs(jobs: Iterable[Any]) -> None:
    """Deletes the log of an earlier preflight, which could be taken for that of the one to come.

    Args:
        jobs: Snakemake's jobs that are to run.
    """
    for log in _logs(jobs):
        log.unlink(missing_ok=True)


def report_silent_failure(workflow: Any) -> None:
    """Says why the preflight job, if it failed without a word, may have done so.

    Args:
        workflow: Snakemake's, at its end.
    """
    if workflow.executor_plugin.name != "slurm":
        return
    for log in _logs(workflow.scheduler.failed):
        if log.exists() and log.stat().st_size:  # Snakemake makes an empty one of an absent one
            continue
        error = ClusterError(
            f"the job of rule `preflight` wrote no line to {log}: where Slurm took it, its node "
            f"does not see {Path.cwd()}, may not write there, or cannot start {sys.executable}, or "
            "`setup` of site.yaml fails there; keep the checkout, its environments and the Python "
            "they were made with on file systems that all nodes share"
        )
        print(error.line, file=sys.stderr, flush=True)


def _logs(jobs: Iterable[Any]) -> list[Path]:
    return [Path(log) for job in jobs if job.rule.name == "preflight" for log in job.log]
