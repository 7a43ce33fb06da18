"""The audit of a finished run: every file is compared with the records, and every record with them.

It needs the run's folder only: no network, no GPU, no Snakemake. The folder may have been moved.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.models.manifest import checkpoint_digests
from caco.reports.audit.extra_files import extra_files
from caco.reports.record_form import load_whole_record
from caco.reports.records import planned_jobs, planned_records, read_records, root_of
from caco.reports.row_counts import COUNTED, counts_of
from caco.runtime.chain import (
    MANIFEST,
    altered,
    is_record,
    job_name,
    located,
    record_digest,
    unrecorded,
)
from caco.runtime.checksums import sha256_of
from caco.runtime.kept import digest_of, kept_files
from caco.workflow.paths import Paths


@dataclass(slots=True)
class Audit:
    """The result of an audit.

    Attributes:
        root: The root digest; None if a record is missing, or its values contradict each other.
        files: Number of files that were read.
        differences: One sentence for each missing, altered, torn or extra file.
        notices: What could not be compared, or differs without a change of a row.
    """

    root: str | None = None
    files: int = 0
    differences: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def audit(run: Path) -> Audit:
    """Compares the files of a finished run with its records.

    The preflight rules may run again at any time: a record of theirs may be missing.

    Args:
        run: `results/{run}`.

    Raises:
        UserError: No run was started there.
    """
    found = Audit()
    paths = Paths(run.name, str(run.parent))
    planned: list[Path] = []
    records: dict[Path, dict[str, Any]] = {}
    for rule, identities in planned_jobs(run).items():
        for identity in identities:
            path = Path(paths.provenance(rule, identity))
            planned.append(path)
            if rule.startswith("preflight") and not path.exists():
                continue
            try:
                records[path] = load_whole_record(path)
            except UserError as error:
                found.differences.append(str(error))
    if complete := not found.differences:
        try:
            found.root = root_of(read_records(planned_records(run)))
        except UserError as error:
            found.differences.append(str(error))
    promises = _promises(run, records)
    _compare_outputs(run, promises, records, found)
    _compare_inputs(run, promises, records, found, complete)
    _compare_kept(run, records, found)
    extra = extra_files(run, planned, records, complete)
    found.differences += extra.faults
    found.notices += extra.notices
    return found


_Promises = dict[Path, tuple[Path, str]]  # by output: the record of its job, its SHA-256


def _promises(run: Path, records: Mapping[Path, dict[str, Any]]) -> _Promises:
    return {
        located(values, file, run): (path, sha)
        for path, values in records.items()
        for file, sha in values["outputs"].items()
    }


def _compare_outputs(
    run: Path, promises: _Promises, records: Mapping[Path, dict[str, Any]], found: Audit
) -> None:
    """Compares the outputs of all jobs, and the files of their checkpoints, with the records."""
    digests = _digests(promises)
    found.files += sum(sha is not None for sha in digests.values())
    for file, (record, sha) in promises.items():
        if digests[file] != sha:
            sentence = altered(file, digests[file], record, records[record], sha)
            found.differences.append(sentence)
        elif file.name == MANIFEST:
            _compare_checkpoint(file, found)
    whole = {file for file, (_, sha) in promises.items() if digests[file] == sha}
    for path, values in records.items():
        _compare_counts(run, path, values, whole, found)


def _compare_counts(
    run: Path, path: Path, values: Mapping[str, Any], whole: Set[Path], found: Audit
) -> None:
    """Compares the row counts of a record with the rows in the outputs, which are as recorded.

    They are not in the root digest, and show, report and status print them.
    """
    files = [located(values, name, run) for name in values["outputs"]]
    if values["rule"] not in COUNTED or values["rows"] is None or not whole >= set(files):
        return
    counts, rows = counts_of(files), values["rows"]
    if rows["in"] != rows["accepted"] + sum(rows["rejected"].values()):
        return  # the root digest has failed on it
    if (counts.rows_in, counts.accepted, counts.rejected) != (
        rows["in"], rows["accepted"], rows["rejected"]
    ):  # fmt: skip
        found.differences.append(
            f"{path}: records {rows['in']:,} rows in and {rows['accepted']:,} accepted, but its "
            f"outputs have {counts.rows_in:,} and {counts.accepted:,}, or other verdicts; delete "
            "it, and `python scripts/restore.py` writes it again from the outputs of its job"
        )


def _compare_checkpoint(manifest: Path, found: Audit) -> None:
    try:
        promised = checkpoint_digests(manifest)
    except UserError as error:
        found.differences.append(str(error))
        return
    found.files += len(promised)
    for file, sha in _digests(promised).items():
        if sha != promised[file]:
            found.differences.append(
                f"{file}: its SHA-256 is {sha}, but that in {manifest} is {promised[file]}; type "
                f"`rm {manifest}` and then your command again, and its job makes it again"
            )


def _compare_inputs(
    run: Path,
    promises: _Promises,
    records: Mapping[Path, dict[str, Any]],
    found: Audit,
    complete: bool,
) -> None:
    """Compares what each job read with what the records of the other jobs promise.

    Args:
        run: As in `audit`.
        promises: The outputs of all jobs.
        records: The records that are whole.
        found: The result.
        complete: Whether all records are whole; if not, nothing is said on files without a record.
    """
    outside: dict[Path, str] = {}
    inside: set[Path] = set()
    for path, values in records.items():
        for name, sha in values["inputs"].items():
            file = located(values, name, run)
            if is_record(file, run):
                _compare_read_record(file, sha, path, values, records, found)
            elif file in promises:
                if promises[file][1] != sha:
                    found.differences.append(
                        f"{file}: job `{job_name(values)}` read a file with SHA-256 {sha}, but "
                        f"{promises[file][0]} has {promises[file][1]}; type `rm {path}` and then "
                        "your command again, and the job runs again"
                    )
                else:
                    _compare_maker(name, values, records.get(promises[file][0]), found)
            elif file.is_relative_to(run):
                if complete and file not in inside:
                    found.differences.append(unrecorded(file, path))
                inside.add(file)
            else:
                outside[file] = sha
    current = _digests(outside)
    found.files += sum(sha is not None for sha in current.values())
    for file, sha in current.items():
        if sha is None:
            found.notices.append(f"{file}: outside of the run and not there, so not compared")
        elif sha != outside[file]:
            found.differences.append(
                f"{file}: its SHA-256 is {sha}, but that of the file which the run read is "
                f"{outside[file]}; restore the file, or type your command again"
            )


def _compare_read_record(
    file: Path,
    digest: str,
    path: Path,
    values: Mapping[str, Any],
    records: Mapping[Path, dict[str, Any]],
    found: Audit,
) -> None:
    """Compares a record with the one that the report read."""
    if file in records and (now := record_digest(records[file])) != digest:
        found.differences.append(
            f"{file}: its record digest is {now}, but job `{job_name(values)}` read one with "
            f"{digest}; type `rm {path}` and then your command again"
        )


def _compare_maker(
    name: str, values: Mapping[str, Any], maker: Mapping[str, Any] | None, found: Audit
) -> None:
    """Compares the record of the job that made an input with the one which the reader has named.

    Another record with the same file is no difference: Snakemake does not run a job again whose
    input was made again with the same contents.
    """
    read = values["made_by"].get(name)
    if maker is not None and (read is None or read["digest"] != record_digest(maker)):
        found.notices.append(
            f"{name}: job `{job_name(maker)}` has made it again, with the same contents, since job "
            f"`{job_name(values)}` read it"
        )


def _compare_kept(run: Path, records: Mapping[Path, dict[str, Any]], found: Audit) -> None:
    """Compares lists of packages and changes of a checkout with the digest that is their name."""
    kept = {name: sha for values in records.values() for name, sha in kept_files(values).items()}
    for name, sha in kept.items():
        file = run / name
        if (now := digest_of(file)) == sha:
            found.files += 1
            continue
        record = next(path for path, values in records.items() if name in kept_files(values))
        state = "there is no such file" if now is None else f"its SHA-256 is {now}"
        found.differences.append(
            f"{file}: {state}, but {record} names one with {sha}; copy it from where the run was "
            "made"
        )


def _digests(files: Iterable[Path]) -> dict[Path, str | None]:
    """Returns the SHA-256 of each file, read again; None for one that does not exist."""
    names = list(files)
    return {**dict.fromkeys(names), **sha256_of(name for name in names if name.is_file())}
