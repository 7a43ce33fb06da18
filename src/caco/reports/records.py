"""Reading provenance records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from caco.errors import UserError
from caco.reports.record_form import load_whole_record
from caco.runtime.chain import (
    located,
    name_in_run,
    record_digest,
    root_digest,
    run_folder,
)
from caco.runtime.checksums import read_checked
from caco.runtime.heartbeat import Start
from caco.runtime.provenance import Counts
from caco.workflow.paths import Paths
from caco.workflow.stages import BY_NAME, WITHOUT_ROWS


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of a job's record that reports use; `caco.runtime.provenance.record` writes it.

    Attributes:
        path: The record's file.
        digest: As `caco.runtime.chain.record_digest` returns it.
        restored: Whether it was restored from the outputs: when, where and with which versions the
            job ran is unknown.
        rule, identity: The job.
        spec: The settings that its results depend on.
        seed: The seed of its random numbers, or None.
        inputs, outputs: Files read and written, with their SHA-256; those of a run that was moved
            since are named where they are now.
        models: The digest of each manifest that it read or wrote, by its name in the run.
        variants: How many times each row that the job read entered: questions per program,
            or solutions per question.
        counts: Rows by verdict, or None for a job that does not filter rows.
        versions: Versions of Python and of the relevant packages, by name.
        commit: The checkout's commit, or why it is unknown; None in a restored record.
        host: Where it ran.
        gpus: Names of its GPUs.
        visible_gpus: How many GPUs it could use.
        started, ended: UTC, ISO 8601.
        seconds: Wall time.
        slurm: The ID of its Slurm job, or None.
        starts: The starts before the one that finished.
        requested: As `caco.runtime.provenance.requested_resources` returns it; None without Slurm.
        used: As `caco.runtime.provenance.used_resources` returns it.
    """

    path: Path
    digest: str
    restored: bool
    rule: str
    identity: str
    spec: dict[str, Any]
    seed: int | None
    inputs: dict[Path, str]
    outputs: dict[Path, str]
    models: dict[str, str]
    variants: int
    counts: Counts | None
    versions: dict[str, str]
    commit: str | None
    host: str
    gpus: list[str]
    visible_gpus: int
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
        raw = load_whole_record(path)
        record = Record(
            path=path,
            digest=record_digest(raw),
            restored=bool(raw.get("restored")),
            rule=raw["rule"],
            identity=raw["identity"],
            spec=dict(raw["spec"]),
            seed=raw["seed"],
            inputs=_files(raw, "inputs", path),
            outputs=_files(raw, "outputs", path),
            models={name_in_run(raw, name): sha for name, sha in raw["listed"].items()},
            variants=int(raw["spec"].get("variants", 1)),
            counts=_counts(raw["rows"]),
            versions=raw["versions"],
            commit=raw["commit"],
            host=raw["host"],
            gpus=raw["gpus"]["devices"],
            visible_gpus=visible_gpus(raw),
            started=raw["started"],
            ended=raw["ended"],
            seconds=float(raw["seconds"]),
            slurm=raw["slurm"].get("SLURM_JOB_ID"),
            starts=[Start(**start) for start in raw["starts"]],
            requested=raw["requested"],
            used=raw["used"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path}: the record of another version; delete it and run again, its job will write "
            "it again"
        ) from None
    counts = record.counts
    if counts and counts.rows_in != counts.accepted + sum(counts.rejected.values()):
        raise UserError(
            f"{path}: records {counts.rows_in} rows in, but {counts.accepted} accepted and "
            f"{sum(counts.rejected.values())} rejected; delete it, and `python scripts/restore.py` "
            "writes it again from the outputs of its job"
        )
    return record


def planned_jobs(run: Path) -> dict[str, list[str]]:
    """Returns the identities of each rule's jobs in a run, in the order of the data.

    Args:
        run: `results/{run}`.

    Raises:
        UserError: No run was started there.
    """
    jobs: dict[str, list[str]] = _started(run)["jobs"]
    return jobs


def config_of(run: Path) -> dict[str, Any]:
    """Returns the complete config with which a run was last started; empty for an earlier version.

    Args:
        run: As in `planned_jobs`.

    Raises:
        UserError: As `planned_jobs`.
    """
    config: dict[str, Any] = _started(run).get("config", {})
    return config


class _Started(BaseModel):
    """What the start of a run writes."""

    model_config = ConfigDict(strict=True)

    jobs: dict[str, list[str]]
    config: dict[str, Any] = {}  # not of the first versions


def _started(run: Path) -> dict[str, Any]:
    file = Path(Paths(run.name, str(run.parent)).jobs())
    try:
        started: dict[str, Any] = read_checked(file)
        _Started.model_validate(started)
    except FileNotFoundError:
        if (run / "provenance").is_dir():
            raise UserError(
                f"{file}: the file does not exist, although the run has records; copy it from "
                "where the run was made, or start the run again, it writes the file again"
            ) from None
        raise UserError(
            f"{file}: the file does not exist, so no run was started there; pass the folder of a "
            "run, as in results/embedded"
        ) from None
    except ValueError:
        raise UserError(
            f"{file}: damaged, or of another version; copy it from where the run was made, or "
            "start the run again, it writes the file again"
        ) from None
    return started


def trains(rule: str) -> bool:
    """Tells whether a rule fine-tunes a model; one that only another version has does not."""
    return rule in BY_NAME and BY_NAME[rule].trains


def planned_records(run: Path) -> list[Path]:
    """Returns the records of a run's jobs that decide rows, whether or not they exist.

    Args:
        run: As in `planned_jobs`.

    Raises:
        UserError: As `planned_jobs`.
    """
    paths = Paths(run.name, str(run.parent))
    return [
        Path(paths.provenance(rule, identity))
        for rule, identities in planned_jobs(run).items()
        if rule not in WITHOUT_ROWS
        for identity in identities
    ]


def root_of(records: Iterable[Record]) -> str:
    """Returns the root digest of a run from the records of `planned_records`."""
    return root_digest((r.rule, r.identity, r.digest) for r in records)


def visible_gpus(values: Mapping[str, Any]) -> int:
    """Returns how many GPUs a job could use, from the values of its record."""
    visible = (values.get("gpus") or {}).get("visible")
    return len(visible.split(",")) if visible else 0


def _files(raw: Mapping[str, Any], which: str, record: Path) -> dict[Path, str]:
    run = run_folder(record)
    return {
        Path(name) if run is None else located(raw, name, Path(run)): sha
        for name, sha in raw[which].items()
    }


def _counts(raw: dict[str, Any] | None) -> Counts | None:
    if raw is None:
        return None
    return Counts(int(raw["in"]), int(raw["accepted"]), dict(raw["rejected"]))
