"""Failures: the jobs that failed or were started again, and the owner and cause of each failure."""

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from caco.errors import CacoError
from caco.reports.status.job_states import JobStatus, State, job_states
from caco.runtime.heartbeat import Start
from caco.workflow.paths import Paths

_JOBS = 20  # printed at most
_LINES = 5  # of a log
_KILLED = "exited without an error message: killed (memory or time limit?), or its node failed"
_NOT_STARTED = "exited before its script started; see its log"


def failed_or_restarted(jobs: Iterable[JobStatus]) -> list[JobStatus]:
    """Returns the jobs that failed, and then those that were started again."""
    failed, restarted = [], []
    for job in jobs:
        if job.state is State.FAILED:
            failed.append(job)
        elif _failed_starts(job):
            restarted.append(job)
    return failed + restarted


def failures_text(jobs: Sequence[JobStatus], folder: Path) -> str:
    """Returns a description of the jobs that `failed_or_restarted` returns.

    Args:
        jobs: Those jobs.
        folder: `results/{run}`.
    """
    folder = folder.absolute()
    blocks = [_job(job, folder) for job in jobs[:_JOBS]]
    if len(jobs) > _JOBS:
        blocks.append(f"and {len(jobs) - _JOBS:,} more jobs that failed or were started again")
    return "".join(f"\n{block}\n" for block in blocks)


def print_failures(folder: Path) -> None:
    """Prints the failures of a run whose Snakemake is about to exit: none of its jobs is running.

    An unreadable record is printed as an error, and stops nothing that comes after.

    Args:
        folder: `results/{run}`.
    """
    try:
        failed = [job for job in job_states(folder, math.inf) if job.state is State.FAILED]
        text = failures_text(failed, folder)
    except CacoError as error:
        text = error.line
    print(text, file=sys.stderr, flush=True)


def _job(job: JobStatus, folder: Path) -> str:
    ended = _failed_starts(job)
    name = job.rule if job.identity == "all" else f"{job.rule} {job.identity}"
    times = "once" if len(ended) < 2 else f"{len(ended)} times"
    what = "failed" if job.state is State.FAILED else f"{job.state} after it failed"
    lines = [f"{name}: {what} {times}"]
    for start in ended:
        lines.append(f"  {_where(start)}: {_why(start)}")
        lines += [f"    | {line}" for line in _slurm_log(job, start, folder)]
    if job.state is State.FAILED:
        if not ended:
            lines.append(f"  {_NOT_STARTED}")
        lines.append(f"  {Paths(folder.name).log(job.rule, job.identity)}:")
        lines += [f"    | {line}" for line in job.tail[-_LINES:]]
    return "\n".join(lines)


def _failed_starts(job: JobStatus) -> list[Start]:
    """Returns the starts that did not finish the job."""
    return job.starts[:-1] if job.state is State.RUNNING else job.starts


def _where(start: Start) -> str:
    slurm = f", Slurm job {start.slurm}" if start.slurm else ""
    return f"{start.started} on {start.host}{slurm}"


def _why(start: Start) -> str:
    """Returns the owner of the failure, and its cause, in one line."""
    if start.message is None:
        return f"{'cluster' if start.slurm else 'machine'}: {_KILLED}"
    return f"{start.owner}: {' '.join(start.message.split())}"


def _slurm_log(job: JobStatus, start: Start, folder: Path) -> list[str]:
    """Returns the last lines of the Slurm log of a start that recorded no cause itself.

    The executor names that log after the rule, the wildcards and the ID of the Slurm job.
    """
    if start.message is not None or start.slurm is None:
        return []
    logs = folder.parents[1] / ".snakemake" / "slurm_logs" / f"rule_{job.rule}"
    for wildcards in (job.identity, job.identity.replace("-", "_"), ""):
        try:
            text = (logs / wildcards / f"{start.slurm}.log").read_text(errors="replace")
        except OSError:
            continue
        return [line for line in text.splitlines() if line.strip()][-_LINES:]
    return []
