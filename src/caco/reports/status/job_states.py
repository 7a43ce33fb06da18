"""Looking at a run's folder: every job of the run, and how it stands.

Nothing is locked and nothing is written, so one may look at any time and from any machine that sees
the folder.
"""

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from caco.errors import UserError
from caco.reports.records import Record, read_record
from caco.runtime.heartbeat import SILENT_S, Start, heartbeat_file, read_starts
from caco.runtime.journal import rows_in
from caco.runtime.progress import ReportedProgress, read_progress
from caco.workflow.paths import Paths

_THREADS = 16  # a network file system answers many at once in the time of one
_TAIL = 1 << 13  # bytes of a log: its last lines


class State(StrEnum):
    """How a job stands."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job of the run.

    Attributes:
        rule, identity: Which.
        state: How it stands. Failed is what ended without success since the run was last started,
            and was not started again; what failed before that waits.
        record: Its record, where it is done.
        starts: The starts of which there is a mark and that did not bring it to its end; the last
            one may run.
        rows: Rows in the journal of a job that is not done; None where it has no journal.
        seen: What its log says last of its progress, where it is not done.
        log_at: When the log was last written, seconds since 1970.
        tail: The log's last lines, of a job that is not done.
    """

    rule: str
    identity: str
    state: State
    record: Record | None = None
    starts: list[Start] = field(default_factory=list)
    rows: int | None = None
    seen: ReportedProgress | None = None
    log_at: float = 0.0
    tail: list[str] = field(default_factory=list)


def job_states(folder: Path, now: float) -> list[JobStatus]:
    """Returns the jobs of a run, in the order in which data pass them.

    Args:
        folder: `results/{run}`.
        now: The time, seconds since 1970.

    Raises:
        UserError: No run was started there, or a file there is not what it should be.
    """
    folder = folder.absolute()
    paths = Paths(folder.name, str(folder.parent))
    planned, begun = _planned(Path(paths.jobs()))
    there = {rule: _names(Path(paths.provenance(rule, "all")).parent) for rule in planned}
    each = [(rule, identity) for rule, identities in planned.items() for identity in identities]

    def one(job: tuple[str, str]) -> JobStatus:
        log = folder.parents[1] / paths.log(*job)
        return _job_status(*job, Path(paths.provenance(*job)), log, there[job[0]], (begun, now))

    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(one, each))


def _planned(file: Path) -> tuple[dict[str, list[str]], float]:
    """Returns the identities of each rule's jobs, and when the run was last started."""
    try:
        jobs: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
        return jobs, file.stat().st_mtime
    except FileNotFoundError:
        raise UserError(
            f"{file}: there is no such file, so no run was started there; name the folder of a "
            "run, as in results/embedded"
        ) from None
    except ValueError:
        raise UserError(f"{file}: not JSON; start the run again, it writes the file anew") from None


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
    there: Collection[str],
    times: tuple[float, float],
) -> JobStatus:
    """Looks at one job.

    Args:
        rule: Its rule.
        identity: What tells it from its siblings.
        record: Its record.
        log: Its log.
        there: Names of the files beside the record: most jobs of a large run have none yet.
        times: When the run was last started, and now.
    """
    if record.name in there:
        read = read_record(record)
        return JobStatus(rule, identity, State.DONE, read, read.starts)
    begun, now = times
    text, log_at = _end_of(log)
    starts: list[Start] = []
    if (mark := heartbeat_file(record)).name in there:
        try:
            starts, touched = read_starts(mark), mark.stat().st_mtime
        except FileNotFoundError:  # done since the folder was listed
            return _job_status(rule, identity, record, log, _names(record.parent), times)
    if starts:
        ended = State.FAILED if touched > begun else State.WAITING
        state = State.RUNNING if starts[-1].is_alive(touched, now) else ended
    elif log_at > begun:  # it was started and left no mark: not yet, or it could not
        state = State.RUNNING if now - log_at < SILENT_S else State.FAILED
    else:
        return JobStatus(rule, identity, State.WAITING)
    journal = record.with_suffix(".journal")
    return JobStatus(
        rule, identity, state, None, starts,
        rows_in(journal) if journal.name in there else None,
        read_progress(text), log_at, [line for line in text.splitlines() if line.strip()],
    )  # fmt: skip


def _end_of(log: Path) -> tuple[str, float]:
    """Returns the last lines of a log, and when it was last written: nothing where it is not."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            return file.read().decode("utf-8", "replace"), log.stat().st_mtime
    except FileNotFoundError:
        return "", 0.0
