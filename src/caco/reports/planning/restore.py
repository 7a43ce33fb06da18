"""Restoring records that are missing or torn, from the outputs of their jobs, which do not run.

What the job was, Snakemake knows: the command with which it has made the outputs. Settings, code,
inputs and outputs are taken from there. When and where the job ran, with which versions and
resources, is lost with the record.
"""

import json
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.errors import CacoError, UserError
from caco.models.manifest import open_checkpoint
from caco.reports.record_form import load_whole_record
from caco.reports.row_counts import COUNTED, counts_of
from caco.rows.table import check_rows
from caco.runtime.chain import MANIFEST, Inputs, located, open_inputs, write_record
from caco.runtime.heartbeat import heartbeat_file
from caco.runtime.job import each_shard
from caco.runtime.provenance import job_values, utc

_SEEDED = ("sampling", "training", "calibration")  # the sections of a spec that have the seed
END_OF_COMMAND = " 2>&1 | tee "
"""What follows, before the path of the log, in every rule's command."""


@dataclass(frozen=True, slots=True)
class MadeJob:
    """A job that Snakemake has run.

    Attributes:
        rule: Its rule.
        record: Its record.
        outputs: Its outputs, without the record.
        inputs: The inputs that Snakemake has stored.
        command: The shell command that made the outputs; empty if Snakemake does not know it.
    """

    rule: str
    record: Path
    outputs: tuple[Path, ...]
    inputs: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of `restore`.

    Attributes:
        records: The records that were restored.
        unchecked: Outputs without a checksum of their own, which were taken as they are.
        errors: Why other records could not be restored.
    """

    records: list[Path]
    unchecked: list[Path]
    errors: list[CacoError]


def restore(jobs: Iterable[MadeJob]) -> Restored:
    """Restores each missing or torn record whose job's outputs are whole.

    A record has the digests of its inputs' records, so those are restored first.

    Args:
        jobs: All jobs of the run.
    """
    jobs = list(jobs)
    whole, lost = _records(jobs)
    done = Restored([], [], [])
    while lost:
        failed: list[tuple[MadeJob, CacoError]] = []
        for job in lost:
            try:
                done.unchecked.extend(_restore(job, _read_by(whole)))
            except CacoError as error:
                failed.append((job, error))
                continue
            whole[job.record] = load_whole_record(job.record)
            done.records.append(job.record)
        if len(failed) == len(lost):
            done.errors.extend(error for _, error in failed)
            break
        lost = [job for job, _ in failed]
    return done


_Read = Mapping[Path, tuple[Path, str]]  # by input of a job: the job's record, the file's SHA-256


def _records(jobs: Sequence[MadeJob]) -> tuple[dict[Path, dict[str, Any]], list[MadeJob]]:
    """Returns the whole records, and the jobs that have outputs but no whole record."""
    whole: dict[Path, dict[str, Any]] = {}
    lost: list[MadeJob] = []
    for job in jobs:
        try:
            whole[job.record] = load_whole_record(job.record)
        except UserError:
            if job.record.exists() or any(path.exists() for path in job.outputs):
                lost.append(job)
    return whole, lost


def _read_by(whole: Mapping[Path, Mapping[str, Any]]) -> _Read:
    return {
        located(values, file, record.parents[2]): (record, sha)
        for record, values in whole.items()
        for file, sha in values["inputs"].items()
    }


def _restore(job: MadeJob, read: _Read) -> list[Path]:
    """Restores a job's record; returns the outputs without a checksum.

    Raises:
        CacoError: An output is missing, damaged or not the one that a later job has read, an input
            is newer than the outputs, or it is unknown what made them.
    """
    if heartbeat_file(job.record).exists():
        raise _not_restored(job, "a later start of its job has not finished")
    if not job.command:
        raise _not_restored(job, "Snakemake does not know which command made the outputs")
    flags = flags_of(job.command)
    unchecked = [path for path in job.outputs if not _is_checked(path)]
    spec = flags["--spec"][0]
    inputs = open_inputs(job.record, recorded_inputs(job.command, job.inputs))
    inputs.require_unchanged()
    _require_older(job, inputs)
    section = json.loads(spec)
    values = job_values(
        job.record,
        job.rule,
        flags.get("--identity", ["all"])[0],
        spec,
        flags["--code"][0],
        inputs,
        job.outputs,
        counts_of(job.outputs) if job.rule in COUNTED else None,
        next((s["seed"] for s in _sections(section) if "seed" in s), None),
    )
    for path in job.outputs:
        if path in read and values["outputs"][str(path)] != read[path][1]:
            raise _not_restored(
                job,
                f"{path} has SHA-256 {values['outputs'][str(path)]}, but the job of "
                f"{read[path][0]} read a file with {read[path][1]}",
            )
    made = max(path.stat().st_mtime_ns for path in job.outputs)
    write_record(job.record, {**values, **_unknown(made / 1e9, shlex.split(job.command))})
    # Snakemake runs a job again that reads a file newer than its outputs: the report reads records.
    os.utime(job.record, ns=(made, made))
    return unchecked


def _not_restored(job: MadeJob, why: str) -> UserError:
    return UserError(f"{job.record}: not restored: {why}; type your command again, the job runs")


def flags_of(command: str) -> dict[str, list[str]]:
    """Returns the values of each flag of a rule's command."""
    flags: dict[str, list[str]] = {}
    values: list[str] = []
    for word in shlex.split(command.rpartition(END_OF_COMMAND)[0] or command):
        if word.startswith("--"):
            values = flags.setdefault(word, [])
        else:
            values.append(word)
    return flags


def recorded_inputs(command: str, inputs: Iterable[str]) -> list[Path]:
    """Returns the inputs of a job that its record names: those in its command, of each shard.

    Args:
        command: The job's command.
        inputs: All inputs of the job, as Snakemake has them.
    """
    flags, known = flags_of(command), set(map(str, inputs))
    named = [Path(value) for values in flags.values() for value in values if value in known]
    return each_shard(named, int(flags.get("--shards", ["0"])[0]))


def _is_checked(path: Path) -> bool:
    """Checks that an output is whole; tells whether it has a checksum that shows it.

    Raises:
        UserError: The file is missing or damaged.
    """
    if path.suffix == ".parquet":
        check_rows(path)
        return True
    if path.name == MANIFEST:
        open_checkpoint(path)
        return True
    try:
        text = path.read_text(encoding="utf-8")
        whole = bool(text) and (path.suffix != ".json" or json.loads(text) is not None)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise UserError(f"{path}: damaged; delete it and run again to recreate it")
    return False


def _require_older(job: MadeJob, inputs: Inputs) -> None:
    """Raises `UserError` if an input from another job is newer than the outputs."""
    made = min(path.stat().st_mtime_ns for path in job.outputs)
    for file in inputs.made_by:
        if file.stat().st_mtime_ns > made:
            raise _not_restored(job, f"its input {file} is newer than its outputs")


def _sections(spec: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [spec[name] for name in _SEEDED if isinstance(spec.get(name), dict)]
    return [spec, *inner]


def _unknown(made: float, command: list[str]) -> dict[str, Any]:
    """Returns the values of a restored record that only the job itself knew.

    Args:
        made: When the outputs were made, seconds since 1970.
        command: The words of the job's command.
    """
    script = next(i for i, word in enumerate(command) if word.endswith(".py"))
    end = next((i for i, word in enumerate(command) if word.startswith("2>")), len(command))
    return {
        "restored": True,
        "versions": {},
        "commit": None,
        "changes": None,
        "command": command[script:end],
        "host": "unknown",
        "kernel": None,
        "machine": {},
        "environment": {},
        "gpus": {"visible": None, "devices": []},
        "slurm": {},
        "started": utc(made),
        "ended": utc(made),
        "seconds": 0.0,
        "starts": [],
        "requested": None,
        "used": {},
    }
