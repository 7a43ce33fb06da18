"""A run in progress, on disk; its files are written by the functions that write them in a run."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caco.config.generation import Sampling
from caco.engines.protocol import request
from caco.engines.resumable import request_key
from caco.reports.job_states import job_states
from caco.reports.status import status_text
from caco.runtime import provenance
from caco.runtime.atomic_files import append_line, write_text
from caco.runtime.chain import open_inputs
from caco.runtime.checksums import write_checked
from caco.runtime.heartbeat import heartbeat_file, read_starts
from caco.runtime.journal import Journal
from caco.runtime.provenance import Counts
from caco.workflow.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_800_000_000.0


def write_record(path: Path, **values: Any) -> None:
    """Calls `record`, without the two questions that take longest: packages and git."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provenance, "_versions", dict)
        patch.setattr(provenance, "checkout", lambda run: {"commit": "abc123", "changes": None})
        provenance.record(path, **values)


@dataclass
class HalfRun:
    """A run's folder in a checkout; each method simulates a part of a job, at `NOW` or before."""

    root: Path

    def __post_init__(self) -> None:
        self.folder = self.root / "results" / "half"
        self.paths = Paths("half", str(self.folder.parent))

    def plan(self, **jobs: list[str]) -> None:
        """Simulates the start of Snakemake, an hour ago."""
        write_checked(Path(self.paths.jobs()), {"jobs": jobs})
        self.age(Path(self.paths.jobs()), 3600)

    def age(self, path: Path, seconds: float) -> None:
        os.utime(path, (NOW - seconds, NOW - seconds))

    def start(self, rule: str, identity: str, seconds: float, **more: object) -> Path:
        """Simulates a start, with a recent heartbeat; `more` are its other values."""
        file = heartbeat_file(self.record_of(rule, identity))
        started = datetime.fromtimestamp(NOW - seconds, UTC).isoformat(timespec="seconds")
        append_line(file, json.dumps({"started": started, "host": "node7", "pid": 1, **more}))
        self.age(file, 10)
        return file

    def ended(self, rule: str, identity: str, owner: str, message: str) -> None:
        """Simulates the failure of a start that recorded its error."""
        file = heartbeat_file(self.record_of(rule, identity))
        append_line(file, json.dumps({"ended": "x", "owner": owner, "message": message}))
        self.age(file, 10)

    def log(self, rule: str, identity: str, *lines: str, age: float = 0.0) -> None:
        path = self.root / self.paths.log(rule, identity)
        write_text(path, "".join(f"{line}\n" for line in lines))
        self.age(path, age)

    def journal(self, rule: str, identity: str, rows: int) -> Path:
        """Writes a journal with this number of rows."""
        path = self.record_of(rule, identity).with_suffix(".journal")
        with Journal(path, {"settings": "{}"}) as journal:
            for n in range(len(journal), rows):
                wanted = request("r", f"prompt {n}", n, Sampling(temperature=0.5, max_new_tokens=9))
                row = {"text": "word " * 300, "tokens": 300, "finish_reason": "stop"}
                journal.add(request_key(wanted), row)
        return path

    def done(self, rule: str, identity: str, rows: int | None, seconds: float) -> None:
        """Writes the record of a job that took this long."""
        path = self.record_of(rule, identity)
        failed = heartbeat_file(path).exists()
        before = [asdict(start) for start in read_starts(heartbeat_file(path))] if failed else []
        counts = None if rows is None else Counts(rows, rows)
        write_record(
            path, rule=rule, identity=identity, spec="{}", code="c",
            inputs=open_inputs(path, []), outputs=[], counts=counts, seed=None,
            started=time.time() - seconds, starts=before,
        )  # fmt: skip
        heartbeat_file(path).unlink(missing_ok=True)

    def record_of(self, rule: str, identity: str) -> Path:
        return Path(self.paths.provenance(rule, identity))

    def text(self) -> str:
        """Returns the output of the command."""
        return status_text(self.folder, job_states(self.folder, NOW), [], NOW)

    def row(self, rule: str) -> list[str]:
        """Returns the cells of a stage's line, from `jobs` on."""
        line = next(line for line in self.text().splitlines() if line.startswith(f"{rule} "))
        return [cell.strip() for cell in line.split("  ") if cell.strip()][1:]


def command(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command line."""
    return subprocess.run(
        [sys.executable, ROOT / "scripts/status.py", *args], capture_output=True, text=True
    )
