"""Heartbeats: a record of each start of a job, which shows whether it runs, failed or was killed.

The file `{identity}.starts` is next to the job's provenance record. Each start appends a JSON line,
and another one with the error if it fails. While the job runs, it updates the file's modification
time. So the state of a job can be read from its folder, without a query to the scheduler. When the
record is written, it includes the earlier starts, and the file is deleted.
"""

import json
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from caco.errors import ClusterError
from caco.runtime.atomic_files import append_line
from caco.runtime.file_system import file_system_error

_INTERVAL_S = 15.0
# Longer than the interval, the delay of a busy interpreter, and the minute for which a network file
# system may show an old modification time.
HEARTBEAT_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a job.

    Attributes:
        started: UTC, ISO 8601.
        host, pid: The process.
        slurm: The ID of its Slurm job, or None.
        resumed_rows: Rows that its journal held from earlier starts.
        ended: When it failed, if it could record that; UTC, ISO 8601.
        owner: The owner of the failure: one of `caco.errors`, `person` (Ctrl-C) or `snakemake`
            (which had exited).
        message: The error message.
    """

    started: str
    host: str
    pid: int
    slurm: str | None = None
    resumed_rows: int = 0
    ended: str | None = None
    owner: str | None = None
    message: str | None = None

    @classmethod
    def now(cls) -> Self:
        """Returns the start of this process."""
        slurm = os.environ.get("SLURM_JOB_ID")
        return cls(_now(), socket.gethostname(), os.getpid(), slurm)

    def is_alive(self, last_heartbeat: float, now: float) -> bool:
        """Tells whether the job is running.

        Args:
            last_heartbeat: The modification time of the file, seconds since 1970.
            now: The time, seconds since 1970.
        """
        if self.ended is not None or now - last_heartbeat > HEARTBEAT_TIMEOUT_S:
            return False
        return self.host != socket.gethostname() or Path(f"/proc/{self.pid}").exists()


class Heartbeat:
    """The heartbeat of the job in this process."""

    def __init__(self, path: Path) -> None:
        """Records the start, and begins to update the file's modification time.

        Args:
            path: The file.

        Raises:
            ClusterError: The file cannot be written.
        """
        self._path = path
        self._stopped = threading.Event()
        try:
            append_line(path, _to_json(Start.now()))
        except OSError as e:
            raise file_system_error(e, path) or ClusterError(
                f"{path}: cannot be written ({e.strerror}), so the job's record next to it could "
                "not be either; fix that and run again"
            ) from None
        threading.Thread(target=self._beat, daemon=True).start()

    def resumed(self, rows: int) -> None:
        """Records the number of rows that the job's journal already holds."""
        append_line(self._path, json.dumps({"resumed_rows": rows}))

    def failed(self, owner: str, message: str) -> None:
        """Records the error with which the job exits.

        Args:
            owner: The owner of the failure.
            message: The error message.
        """
        self._stopped.set()
        end = {"ended": _now(), "owner": owner, "message": message}
        with suppress(OSError):  # the error itself matters more, and the log has it too
            append_line(self._path, json.dumps(end))

    def earlier_starts(self) -> list[dict[str, Any]]:
        """Returns the starts before this one, for the record."""
        return [json.loads(_to_json(start)) for start in read_starts(self._path)[:-1]]

    def done(self) -> None:
        """Deletes the file: the provenance record replaces it."""
        self._stopped.set()
        self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._stopped.wait(_INTERVAL_S):
            try:
                os.utime(self._path)
            except OSError:
                return  # the folder was deleted


def heartbeat_file(record: Path) -> Path:
    """Returns the heartbeat file of the job with this provenance record."""
    return record.with_suffix(".starts")


def read_starts(file: Path) -> list[Start]:
    """Returns the starts in a heartbeat file, in order; skips lines that are incomplete.

    Raises:
        FileNotFoundError: The file does not exist.
    """
    starts: list[Start] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
            if "started" in values:
                starts.append(Start(**values))
            elif starts:
                starts[-1] = replace(starts[-1], **values)
        except (ValueError, TypeError):
            continue
    return starts


def _to_json(start: Start) -> str:
    """Returns a start as JSON, without its empty values."""
    values = {name: getattr(start, name) for name in Start.__dataclass_fields__}
    return json.dumps({name: value for name, value in values.items() if value not in (None, 0)})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
