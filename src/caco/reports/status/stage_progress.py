"""Jobs, counted by stage: how many stand how, their rows, their rate, the time left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from caco.reports.status.job_states import JobStatus, State

_STEPS = "steps"  # what a training counts


@dataclass(frozen=True, slots=True)
class StageProgress:
    """The jobs of one rule.

    Attributes:
        rule: The rule.
        jobs: How many there are.
        states: How many stand how.
        done: Rows, or what the stage counts, that are finished; None where it counts none.
        total: All of them: known, or worked out from the mean of the jobs that are known.
        sure: Whether every job's share in `total` is known.
        unit: What is counted: `rows`, or `steps` of a training that runs.
        pace: Rows a second of one job, or what a training says of itself.
        left_s: Seconds until the stage is done if its jobs go on as they did; None where nothing
            runs or it cannot be told yet.
    """

    rule: str
    jobs: int
    states: dict[State, int]
    done: int | None
    total: int | None
    sure: bool
    unit: str
    pace: str | None
    left_s: float | None


def stage_progress(jobs: Sequence[JobStatus], now: float) -> list[StageProgress]:
    """Returns the stages, in the order of the jobs.

    Args:
        jobs: As `caco.reports.status.job_states.look` returns them.
        now: The time, seconds since 1970.
    """
    by_rule: dict[str, list[JobStatus]] = {}
    for job in jobs:
        by_rule.setdefault(job.rule, []).append(job)
    return [_stage(rule, of_rule, now) for rule, of_rule in by_rule.items()]


def _stage(rule: str, jobs: list[JobStatus], now: float) -> StageProgress:
    states = {state: sum(job.state is state for job in jobs) for state in State}
    training = next((j for j in jobs if j.seen and j.seen.unit == _STEPS), None)
    if training is not None:
        return _training(rule, len(jobs), states, training, now)
    held = [_held(job) for job in jobs]
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
        done=sum(held) if known or any(held) else None,
        total=total,
        sure=len(known) == len(jobs),
        unit="rows",
        pace=None if rate is None else f"{rate:,.1f}/s" if rate >= 1 else f"{rate:.2g}/s",
        left_s=_left(jobs, held, totals, rate),
    )


def _training(
    rule: str, jobs: int, states: dict[State, int], job: JobStatus, now: float
) -> StageProgress:
    """Returns the stage of a training, which knows best itself how it gets on."""
    assert job.seen is not None
    left, said = None, job.seen.left_s
    if job.state is State.RUNNING and said is not None:
        left = max(0.0, said - (now - job.log_at))
    pace = job.seen.pace.rpartition(", ")[2]
    return StageProgress(
        rule, jobs, states, job.seen.done, job.seen.total, True, _STEPS, pace, left
    )


def _held(job: JobStatus) -> int:
    """Returns the rows of a job that are finished and kept, or that it says it has done."""
    if job.record is not None:
        return job.record.counts.rows_in if job.record.counts else 0
    if job.rows is not None:
        return job.rows
    return job.seen.done if job.seen and job.state is State.RUNNING else 0


def _total(job: JobStatus) -> int | None:
    if job.record is not None:
        return job.record.counts.rows_in if job.record.counts else None
    return job.seen.total if job.seen else None


def _rate(jobs: list[JobStatus], now: float) -> float | None:
    """Returns the rows a second that one job makes, its start included; None without any yet.

    Rows that a job found in its journal were made in another time: they do not count, nor does a
    job that is done and had more than one start.
    """
    rows, seconds = 0, 0.0
    for job in jobs:
        if job.record is not None and job.record.counts and not job.starts:
            rows += job.record.counts.rows_in
            seconds += job.record.seconds
        elif job.state is State.RUNNING and job.starts:
            start = job.starts[-1]
            rows += max(0, _held(job) - start.kept)
            seconds += now - datetime.fromisoformat(start.started).timestamp()
    return rows / seconds if rows and seconds > 0 else None


def _left(
    jobs: list[JobStatus], held: list[int], totals: list[int | None], rate: float | None
) -> float | None:
    """Returns the seconds left: no less than the longest running job needs, nor than all together.

    A job whose total is not known counts as the mean of those that are.
    """
    running = [job.state is State.RUNNING for job in jobs]
    known = [total for total in totals if total is not None]
    if rate is None or not any(running) or not known:
        return None
    mean = fmean(known)
    left = [max(0.0, (mean if t is None else t) - h) for h, t in zip(held, totals, strict=True)]
    longest = max(rows for rows, runs in zip(left, running, strict=True) if runs)
    return max(longest / rate, sum(left) / (rate * sum(running)))
