"""Provenance records, read back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.runtime.heartbeat import Start
from caco.runtime.provenance import Counts


@dataclass(frozen=True, slots=True)
class Record:
    """What the report needs of one job's record (`caco.runtime.provenance.record` writes them).

    Attributes:
        path: The record's file.
        rule, identity: The job.
        inputs, outputs: Files read and written, with their SHA-256.
        variants: How often each row that the job read went in: a program for each question of it.
        counts: Rows by verdict, or None for a job that filters nothing.
        versions: Of Python and of the packages that matter, by name.
        commit: The checkout's commit, or None.
        host: Where it ran.
        gpus: Names of the GPUs it was given.
        started, ended: UTC, ISO 8601.
        seconds: Wall time.
        slurm: The number of its Slurm job, or None.
        starts: Starts before the one that came to its end.
        given: What the scheduler gave, as `caco.runtime.usage.given` says it; None where there is none.
        used: What it used of that, as `caco.runtime.usage.used` says it.
    """

    path: Path
    rule: str
    identity: str
    inputs: dict[Path, str]
    outputs: dict[Path, str]
    variants: int
    counts: Counts | None
    versions: dict[str, str]
    commit: str | None
    host: str
    gpus: list[str]
    started: str
    ended: str
    seconds: float
    slurm: str | None
    starts: list[Start]
    given: dict[str, int] | None
    used: dict[str, float]


def read_records(paths: Iterable[Path]) -> list[Record]:
    """Reads records, sorted by rule and identity.

    Raises:
        UserError: A file is absent or is no record, or its counts do not add up.
    """
    records = [read_record(path) for path in paths]
    return sorted(records, key=lambda r: (r.rule, r.identity))


def read_record(path: Path) -> Record:
    """Reads a record.

    Raises:
        UserError: As `read_records`.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        record = Record(
            path=path,
            rule=raw["rule"],
            identity=raw["identity"],
            inputs={Path(name): sha for name, sha in raw["inputs"].items()},
            outputs={Path(name): sha for name, sha in raw["outputs"].items()},
            variants=int(raw["spec"].get("variants", 1)),
            counts=_counts(raw["rows"]),
            versions=raw["versions"],
            commit=raw["commit"],
            host=raw["host"],
            gpus=raw["gpus"]["devices"],
            started=raw["started"],
            ended=raw["ended"],
            seconds=float(raw["seconds"]),
            slurm=raw["slurm"].get("SLURM_JOB_ID"),
            # The first records had none of these, and a finished run is read years later.
            starts=[Start(**start) for start in raw.get("starts", [])],
            given=raw.get("given"),
            used=raw.get("used", {}),
        )
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such record; run the rule that makes it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path}: not a provenance record; delete it and run again, its job will write it anew"
        ) from None
    counts = record.counts
    if counts and counts.rows_in != counts.accepted + sum(counts.rejected.values()):
        raise UserError(
            f"{path}: records {counts.rows_in} rows in, but {counts.accepted} accepted and "
            f"{sum(counts.rejected.values())} rejected; delete it and run again"
        )
    return record


def _counts(raw: dict[str, Any] | None) -> Counts | None:
    if raw is None:
        return None
    return Counts(int(raw["in"]), int(raw["accepted"]), dict(raw["rejected"]))
