"""The status of a run as text: the progress of each stage (job states, rows, rate), and failures.

Of a job that failed or was started again, the owner and the cause of the failure are printed.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

from caco.errors import CacoError
from caco.reports.job_states import JobStatus, State, job_states
from caco.runtime.heartbeat import Start
from caco.runtime.progress import duration
from caco.runtime.slurm_client import QueuedJob
from caco.workflow.paths import Paths

_STEPS = "steps"  # the unit of a training's progress
_HEAD = ("stage", "jobs", "done", "running", "failed", "waiting", "rows", "rate/job", "left")
_JOBS = 20  # printed at most
_LINES = 5  # of a log
_KILLED = "exited without an error message: killed (memory or time limit?), or its node failed"
_NOT_STARTED = "exited before its script started; see its log"


@dataclass(frozen=True, slots=True)
class StageProgress:
    """The jobs of one rule.

    Attributes:
        rule: The rule.
        jobs: Number of jobs.
        states: Number of jobs by state.
        done: Finished rows, or whatever the stage counts; None if it counts nothing.
        total: The total; jobs with an unknown total count as the mean of the others.
        total_known: Whether the total of every job is known.
        unit: What is counted: `rows`, or `steps` of a running training.
        rate: Rows per second of one job, or the rate that a training prints.
        left_s: Seconds until the stage is done at the current rate; None if no job runs or the rate
            is not known yet.
    """

    rule: str
    jobs: int
    states: dict[State, int]
    done: int | None
    total: int | None
    total_known: bool
    unit: str
    rate: str | None
    left_s: float | None


def stage_progress(jobs: Sequence[JobStatus], now: float) -> list[StageProgress]:
    """Returns the stages, in the order of the jobs.

    Args:
        jobs: As `caco.reports.job_states.job_states` returns them.
        now: The time, seconds since 1970.
    """
    by_rule: dict[str, list[JobStatus]] = {}
    for job in jobs:
        by_rule.setdefault(job.rule, []).append(job)
    return [_stage(rule, of_rule, now) for rule, of_rule in by_rule.items()]


def _stage(rule: str, jobs: list[JobStatus], now: float) -> StageProgress:
    states = {state: sum(job.state is state for job in jobs) for state in State}
    training = next((j for j in jobs if j.progress and j.progress.unit == _STEPS), None)
    if training is not None:
        return _training(rule, len(jobs), states, training, now)
    finished = [_finished(job) for job in jobs]
    totals = [_total(job) for job in jobs]
    known = [total for total in totals if total is not None]
    rate = _rate(jobs, now)
    total = None
    if known:
        total = sum(known) + round(fmean(known) * (len(jobs) - len(known)))
    return StageProgress(
        rule=rule,
        jobs=len(jobs),
        states=states,
        done=sum(finished) if known or any(finished) else None,
        total=total,
        total_known=len(known) == len(jobs),
        unit="rows",
        rate=None if rate is None else f"{rate:,.1f}/s" if rate >= 1 else f"{rate:.2g}/s",
        left_s=_left(jobs, finished, totals, rate),
    )


def _training(
    rule: str, jobs: int, states: dict[State, int], job: JobStatus, now: float
) -> StageProgress:
    """Returns the stage of a training, from the training's own line of progress."""
    assert job.progress is not None
    left, printed = None, job.progress.left_s
    if job.state is State.RUNNING and printed is not None:
        left = max(0.0, printed - (now - job.log_at))
    rate = job.progress.rate.rpartition(", ")[2]
    return StageProgress(
        rule, jobs, states, job.progress.done, job.progress.total, True, _STEPS, rate, left
    )


def _finished(job: JobStatus) -> int:
    """Returns a job's finished rows: those saved, or those that its log reports."""
    if job.record is not None:
        return job.record.counts.rows_in if job.record.counts else 0
    if job.rows is not None:
        return job.rows
    return job.progress.done if job.progress and job.state is State.RUNNING else 0


def _total(job: JobStatus) -> int | None:
    if job.record is not None:
        return job.record.counts.rows_in if job.record.counts else None
    return job.progress.total if job.progress else None


def _rate(jobs: list[JobStatus], now: float) -> float | None:
    """Returns one job's rows per second, its start included; None if no job has finished a row.

    Rows that a start found in its journal do not count, nor does a finished job with more than one
    start or with a restored record: their time is not known.
    """
    rows, seconds = 0, 0.0
    for job in jobs:
        if job.record is not None and job.record.counts and not job.starts:
            if job.record.restored:
                continue
            rows += job.record.counts.rows_in
            seconds += job.record.seconds
        elif job.state is State.RUNNING and job.starts:
            start = job.starts[-1]
            rows += max(0, _finished(job) - start.resumed_rows)
            seconds += now - datetime.fromisoformat(start.started).timestamp()
    return rows / seconds if rows and seconds > 0 else None


def _left(
    jobs: list[JobStatus], finished: list[int], totals: list[int | None], rate: float | None
) -> float | None:
    """Returns the seconds left: the maximum of the longest running job and of all jobs together.

    A job with an unknown total counts as the mean of the known totals.
    """
    running = [job.state is State.RUNNING for job in jobs]
    known = [total for total in totals if total is not None]
    if rate is None or not any(running) or not known:
        return None
    mean = fmean(known)
    left = [max(0.0, (mean if t is None else t) - n) for n, t in zip(finished, totals, strict=True)]
    longest = max(rows for rows, runs in zip(left, running, strict=True) if runs)
    return max(longest / rate, sum(left) / (rate * sum(running)))


def status_text(
    folder: Path, jobs: Sequence[JobStatus], queue: Sequence[QueuedJob], now: float
) -> str:
    """Returns the status of a run as text.

    Args:
        folder: `results/{run}`.
        jobs: The run's jobs.
        queue: Its jobs in Slurm's queue.
        now: The time, seconds since 1970.
    """
    lines = [_table(stage_progress(jobs, now)), "", _summary(jobs)]
    if pending := [job for job in queue if job.state == "pending"]:
        reasons = ", ".join(f"{why} {n}" for why, n in Counter(j.reason for j in pending).items())
        lines.append(f"Slurm: {len(pending):,} jobs are pending ({reasons})")
    return "\n".join(lines) + "\n" + failures_text(failed_or_restarted(jobs), folder)


def _summary(jobs: Sequence[JobStatus]) -> str:
    count = Counter(job.state for job in jobs)
    text = f"{count[State.DONE]:,} of {len(jobs):,} jobs done"
    for state in (State.RUNNING, State.FAILED, State.WAITING):
        if count[state]:
            text += f", {count[state]:,} {state}"
    if not count[State.RUNNING] and count[State.DONE] < len(jobs):
        text += "; no job is running"
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
    return (stage.rule, f"{stage.jobs:,}", *states, _rows(stage), stage.rate or "-", left)


def _rows(stage: StageProgress) -> str:
    if stage.done is None:
        return "-"
    if stage.total is None:
        return f"{stage.done:,}"
    if stage.total_known and stage.done == stage.total:
        return f"{stage.done:,}"
    unit = "" if stage.unit == "rows" else f" {stage.unit}"
    return f"{stage.done:,} of {'' if stage.total_known else 'about '}{stage.total:,}{unit}"


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
