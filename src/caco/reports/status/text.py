"""The status of a run as a person reads it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from caco.reports.status.failures import failed_or_restarted, failures_text
from caco.reports.status.job_states import JobStatus, State
from caco.reports.status.stage_progress import StageProgress, stage_progress
from caco.runtime.progress import duration
from caco.runtime.slurm_client import QueuedJob

_HEAD = ("stage", "jobs", "done", "running", "failed", "waiting", "rows", "rate/job", "left")


def status_text(
    folder: Path, jobs: Sequence[JobStatus], queue: Sequence[QueuedJob], now: float
) -> str:
    """Returns the whole text.

    Args:
        folder: `results/{run}`.
        jobs: The run's jobs.
        queue: Its jobs in Slurm's queue.
        now: The time, seconds since 1970.
    """
    lines = [_table(stage_progress(jobs, now)), "", _sum(jobs)]
    if pending := [job for job in queue if job.state == "pending"]:
        reasons = ", ".join(f"{why} {n}" for why, n in Counter(j.reason for j in pending).items())
        lines.append(f"Slurm: {len(pending):,} jobs wait in the queue ({reasons})")
    return "\n".join(lines) + "\n" + failures_text(failed_or_restarted(jobs), folder)


def _sum(jobs: Sequence[JobStatus]) -> str:
    count = Counter(job.state for job in jobs)
    text = f"{count[State.DONE]:,} of {len(jobs):,} jobs done"
    for state in (State.RUNNING, State.FAILED, State.WAITING):
        if count[state]:
            text += f", {count[state]:,} {state}"
    if not count[State.RUNNING] and count[State.DONE] < len(jobs):
        text += "; nothing runs just now"
    return text


def _table(stages: Iterable[StageProgress]) -> str:
    body = [_cells(stage) for stage in stages]
    widths = [max(len(row[i]) for row in [_HEAD, *body]) for i in range(len(_HEAD))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(row, widths) for row in [_HEAD, rule, *body])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = f"{cells[0]:<{widths[0]}}"
    return "  ".join([first, *(f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=True))])


def _cells(stage: StageProgress) -> tuple[str, ...]:
    states = [f"{n:,}" if n else "-" for n in (stage.states[state] for state in State)]
    left = "-" if stage.left_s is None else duration(stage.left_s)
    return (stage.rule, f"{stage.jobs:,}", *states, _rows(stage), stage.pace or "-", left)


def _rows(stage: StageProgress) -> str:
    if stage.done is None:
        return "-"
    if stage.total is None:
        return f"{stage.done:,}"
    if stage.sure and stage.done == stage.total:
        return f"{stage.done:,}"
    unit = "" if stage.unit == "rows" else f" {stage.unit}"
    return f"{stage.done:,} of {'' if stage.sure else 'about '}{stage.total:,}{unit}"
