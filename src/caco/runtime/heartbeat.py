"""What became of each start of a job: a mark that it leaves however it ends.

Beside the job's record lies `{identity}.starts`: a JSON line for each start, and another where the
job still could say why it ended. The file's time of change is its sign of life. So anybody who sees
the folder can tell what runs, what failed and what was killed, with no scheduler to ask. When the
record is written, the starts before go into it and the file goes.
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
from caco.runtime.atomic_files import append_line, disk_full_error

_BEAT_S = 15.0
# Longer than a beat, what a busy interpreter adds to it, and the minute for which a network file
# system may show a file's time as it was.
SILENT_S = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a job.

    Attributes:
        started: UTC, ISO 8601.
        host, pid: The process.
        slurm: The number of its Slurm job, or None.
        kept: Rows that its journal held from earlier starts.
        ended: When it ended, if it could still say so.
        owner: Whose failure ended it, likewise: one of `caco.errors`, `person`
            (Ctrl-C) or `snakemake` (which was gone).
        said: Why, in words.
    """

    started: str
    host: str
    pid: int
    slurm: str | None = None
    kept: int = 0
    ended: str | None = None
    owner: str | None = None
    said: str | None = None

    @classmethod
    def now(cls) -> Self:
        """Returns this process's."""
        slurm = os.environ.get("SLURM_JOB_ID")
        return cls(_now(), socket.gethostname(), os.getpid(), slurm)

    def is_alive(self, touched: float, now: float) -> bool:
        """Tells whether the job runs.

        Args:
            touched: When the mark was last changed, seconds since 1970.
            now: The time, likewise.
        """
        if self.ended is not None or now - touched > SILENT_S:
            return False
        return self.host != socket.gethostname() or Path(f"/proc/{self.pid}").exists()


class Heartbeat:
    """The mark of the job that this process is."""

    def __init__(self, path: Path) -> None:
        """Notes the start, and gives signs of life from now on.

        Args:
            path: The mark's file.

        Raises:
            ClusterError: It cannot be written.
        """
        self._path = path
        self._over = threading.Event()
        try:
            append_line(path, _words(Start.now()))
        except OSError as e:
            raise disk_full_error(e, path) or ClusterError(
                f"{path}: cannot be written ({e.strerror}); the job's record is to lie beside it, "
                "so mend that and run again"
            ) from None
        threading.Thread(target=self._beat, daemon=True).start()

    def keeps(self, rows: int) -> None:
        """Notes how many rows the job's journal holds already."""
        append_line(self._path, json.dumps({"kept": rows}))

    def failed(self, owner: str, said: str) -> None:
        """Notes why the job ends.

        Args:
            owner: Whose failure it is.
            said: Why, in words.
        """
        self._over.set()
        with suppress(OSError):  # why the job ends matters more, and its log has that too
            append_line(self._path, json.dumps({"ended": _now(), "owner": owner, "said": said}))

    def before(self) -> list[dict[str, Any]]:
        """Returns the starts before this one, for the record."""
        return [json.loads(_words(start)) for start in read_starts(self._path)[:-1]]

    def done(self) -> None:
        """Takes the mark away: the record says the rest."""
        self._over.set()
        self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_S):
            try:
                os.utime(self._path)
            except OSError:
                return  # the folder is gone: nobody looks


def heartbeat_file(record: Path) -> Path:
    """Returns where the job of a provenance record leaves its mark."""
    return record.with_suffix(".starts")


def read_starts(mark: Path) -> list[Start]:
    """Returns the starts that a mark tells of, the last one last; a line that is torn is skipped.

    Raises:
        FileNotFoundError: There is no mark.
    """
    starts: list[Start] = []
    for line in mark.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            said = json.loads(line)
            if "started" in said:
                starts.append(Start(**said))
            elif starts:
                starts[-1] = replace(starts[-1], **said)
        except (ValueError, TypeError):
            continue
    return starts


def _words(start: Start) -> str:
    """Returns a start as JSON, without what is not known."""
    known = {name: getattr(start, name) for name in Start.__dataclass_fields__}
    return json.dumps({name: value for name, value in known.items() if value not in (None, 0)})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
