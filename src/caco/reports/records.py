"""Reading provenance records."""

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
    """The fields of a job's record that reports use; `caco.runtime.provenance.record` writes it.

    Attributes:
        path: The record's file.
        rule, identity: The job.
        inputs, outputs: Files read and written, with their SHA-256.
        variants: How many times each row that the job read entered: questions per program,
            or solutions per question.
        counts: Rows by verdict, or None for a job that does not filter rows.
        versions: Versions of Python and of the relevant packages, by name.
        commit: The checkout's commit, or None.
        host: Where it ran.
        gpus: Names of its GPUs.
        started, ended: UTC, ISO 8601.
        seconds: Wall time.
        slurm: The ID of its Slurm job, or None.
        starts: The starts before the one that finished.
        requested: As `caco.runtime.provenance.requested_resources` returns it; None without Slurm.
        used: As `caco.runtime.provenance.used_resources` returns it.
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
    requested: dict[str, int] | None
    used: dict[str, float]


def read_records(paths: Iterable[Path]) -> list[Record]:
    """Reads records, sorted by rule and identity.

    Raises:
        UserError: A file is missing or not a record, or its counts do not add up.
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
            # Older records lack these keys, and the records of finished runs stay in use.
            starts=[Start(**start) for start in raw.get("starts", [])],
            requested=raw.get("requested"),
            used=raw.get("used", {}),
        )
    except FileNotFoundError:
        raise UserError(f"{path}: the record does not exist; run the rule that makes it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path}: not a provenance record; delete it and run again, its job will write it again"
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
