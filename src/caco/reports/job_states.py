"""The state of every job of a run, read from the run's folder.

Nothing is locked or written, so the state can be read at any time, on any machine that can access
the folder.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from caco.reports.records import Record, planned_jobs, read_record
from caco.runtime.heartbeat import HEARTBEAT_TIMEOUT_S, Start, heartbeat_file, read_starts
from caco.runtime.journal import rows_in
from caco.runtime.progress import ReportedProgress, read_progress
from caco.workflow.paths import Paths

_THREADS = 16  # a network file system serves many requests in the time of one
_TAIL = 1 << 13  # bytes of a log: its last lines


class State(StrEnum):
    """The state of a job."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job of the run.

    Attributes:
        rule, identity: The job.
        state: Its state. `failed`: it exited without success since the run was last started, and
            was not started again. A job that failed before that is `waiting`.
        record: Its record, if it is done.
        starts: Its recorded starts, without the one that finished it; the last one may be running.
        rows: Rows in the journal of a job that is not done; None without a journal.
        progress: The last progress in its log, if it is not done.
        log_at: When the log was last written, seconds since 1970.
        tail: The last lines of the log, if it is not done.
    """

    rule: str
    identity: str
    state: State
    record: Record | None = None
    starts: list[Start] = field(default_factory=list)
    rows: int | None = None
    progress: ReportedProgress | None = None
    log_at: float = 0.0
    tail: list[str] = field(default_factory=list)


def job_states(folder: Path, now: float) -> list[JobStatus]:
    """Returns the jobs of a run, in the order of the data.

    Args:
        folder: `results/{run}`.
        now: The time, seconds since 1970.

    Raises:
        UserError: No run was started there, or a file is invalid.
    """
    folder = folder.absolute()
    paths = Paths(folder.name, str(folder.parent))
    planned, run_started = planned_jobs(folder), Path(paths.jobs()).stat().st_mtime
    existing = {rule: _names(Path(paths.provenance(rule, "all")).parent) for rule in planned}
    jobs = [(rule, identity) for rule, identities in planned.items() for identity in identities]

    def one(job: tuple[str, str]) -> JobStatus:
        log = folder.parents[1] / paths.log(*job)
        return _job_status(
            *job, Path(paths.provenance(*job)), log, existing[job[0]], (run_started, now)
        )

    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(one, jobs))


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return frozenset()


def _job_status(
    rule: str,
    identity: str,
    record: Path,
    log: Path,
    existing: Collection[str],
    times: tuple[float, float],
) -> JobStatus:
    """Returns the status of one job.

    Args:
        rule: Its rule.
        identity: Its identity among the jobs of the rule.
        record: Its record.
        log: Its log.
        existing: Names of the files next to the record: most jobs of a large run have none yet.
        times: When the run was last started, and now.
    """
    if record.name in existing:
        finished = read_record(record)
        return JobStatus(rule, identity, State.DONE, finished, finished.starts)
    run_started, now = times
    text, log_at = _end_of(log)
    starts: list[Start] = []
    if (file := heartbeat_file(record)).name in existing:
        try:
            starts, last_heartbeat = read_starts(file), file.stat().st_mtime
        except FileNotFoundError:  # done since the folder was listed
            return _job_status(rule, identity, record, log, _names(record.parent), times)
    if starts:
        ended = State.FAILED if last_heartbeat > run_started else State.WAITING
        state = State.RUNNING if starts[-1].is_alive(last_heartbeat, now) else ended
    elif log_at > run_started:  # started, but its script has not, or could not
        state = State.RUNNING if now - log_at < HEARTBEAT_TIMEOUT_S else State.FAILED
    else:
        return JobStatus(rule, identity, State.WAITING)
    journal = record.with_suffix(".journal")
    return JobStatus(
        rule, identity, state, None, starts,
        rows_in(journal) if journal.name in existing else None,
        read_progress(text), log_at, [line for line in text.splitlines() if line.strip()],
    )  # fmt: skip


def _end_of(log: Path) -> tuple[str, float]:
    """Returns the end of a log, and when it was last written; ("", 0.0) if it does not exist."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            return file.read().decode("utf-8", "replace"), log.stat().st_mtime
    except FileNotFoundError:
        return "", 0.0
