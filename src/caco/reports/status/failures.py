"""What went wrong: jobs that failed or had to be started again, whose failure it was, and why."""

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from caco.errors import CacoError
from caco.reports.status.job_states import JobStatus, State, job_states
from caco.runtime.heartbeat import Start
from caco.workflow.paths import Paths

_JOBS = 20  # told of at the most
_LINES = 5  # of a log
_KILLED = "ended without a word: killed, as for want of memory or time, or its node was lost"
_UNMARKED = "ended before its script began; its log says why"


def failed_or_restarted(jobs: Iterable[JobStatus]) -> list[JobStatus]:
    """Returns the jobs that failed, and then those that were started again."""
    failed, again = [], []
    for job in jobs:
        if job.state is State.FAILED:
            failed.append(job)
        elif _ended(job):
            again.append(job)
    return failed + again


def failures_text(jobs: Sequence[JobStatus], folder: Path) -> str:
    """Returns what to tell of the jobs that `failed_or_restarted` returns.

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
    """Prints what failed in a run whose Snakemake has just ended: none of its jobs runs any more.

    A record that cannot be read is one thing more to tell, and hides nothing that comes after.

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
    ended = _ended(job)
    name = job.rule if job.identity == "all" else f"{job.rule} {job.identity}"
    times = "once" if len(ended) < 2 else f"{len(ended)} times"
    what = "failed" if job.state is State.FAILED else f"{job.state} after it failed"
    lines = [f"{name}: {what} {times}"]
    for start in ended:
        lines.append(f"  {_where(start)}: {_why(start)}")
        lines += [f"    | {line}" for line in _slurm_log(job, start, folder)]
    if job.state is State.FAILED:
        if not ended:
            lines.append(f"  {_UNMARKED}")
        lines.append(f"  {Paths(folder.name).log(job.rule, job.identity)}:")
        lines += [f"    | {line}" for line in job.tail[-_LINES:]]
    return "\n".join(lines)


def _ended(job: JobStatus) -> list[Start]:
    """Returns the starts that came to nothing."""
    return job.starts[:-1] if job.state is State.RUNNING else job.starts


def _where(start: Start) -> str:
    slurm = f", Slurm job {start.slurm}" if start.slurm else ""
    return f"{start.started} on {start.host}{slurm}"


def _why(start: Start) -> str:
    """Returns whose failure it was, and why, in one line."""
    if start.said is None:
        return f"{'cluster' if start.slurm else 'machine'}: {_KILLED}"
    return f"{start.owner}: {' '.join(start.said.split())}"


def _slurm_log(job: JobStatus, start: Start, folder: Path) -> list[str]:
    """Returns the last lines of a start's own log, where Slurm and not the job knew why it ended.

    The executor names that log after the rule, the wildcards and the number of the Slurm job.
    """
    if start.said is not None or start.slurm is None:
        return []
    logs = folder.parents[1] / ".snakemake" / "slurm_logs" / f"rule_{job.rule}"
    for wildcards in (job.identity, job.identity.replace("-", "_"), ""):
        try:
            text = (logs / wildcards / f"{start.slurm}.log").read_text(errors="replace")
        except OSError:
            continue
        return [line for line in text.splitlines() if line.strip()][-_LINES:]
    return []
