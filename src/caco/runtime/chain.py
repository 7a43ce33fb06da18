"""The chain of records: each record has the digests of its job's inputs, outputs and their records.

A record is the JSON file that `caco.runtime.provenance` writes beside a job's outputs. It ends with
a checksum of all its values. Its digest covers only what decides the job's rows: rule, identity,
settings, code, and the digests of inputs, of outputs and of the records of the inputs. Times, host
and resources are not in it, so a restored record has the digest of the lost one.

A job compares its inputs with the records of the jobs that made them before it reads them.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from caco.errors import UserError
from caco.runtime.checksums import json_sha256, read_checked, sha256_of, write_checked
from caco.runtime.kept import completed, shortened

_FOLDER = "provenance"  # {run}/provenance/{rule}/{identity}.json
MANIFEST = "manifest.json"
"""The name of the file that lists the files of a model or of a data set."""
_LATENCY_S = 20.0  # a network file system may show a new folder late
_State = tuple[int, int, int]  # size in bytes, time of change in ns, inode


def load_record(path: Path) -> dict[str, Any]:
    """Returns the values of a record, its long ones too.

    Raises:
        UserError: The file is missing, is not what was written, or is that of another job.
    """
    try:
        values = read_checked(path)
        run = run_folder(path)
        if run is None:
            return values
        _require_own(path, values)
        return completed(values, Path(run))
    except FileNotFoundError:
        raise UserError(
            f"{path}: the record does not exist; if its job has run, `{_restore(path)}` restores "
            "it, otherwise run the rule that makes it"
        ) from None
    except UserError as error:
        raise UserError(f"{error}; `{_restore(path)}` restores it") from None
    except (ValueError, KeyError):
        raise no_record(path) from None


def no_record(path: Path) -> UserError:
    """Returns the error for a file that is not what was written, or is of another version."""
    return UserError(
        f"{path}: not a provenance record, or torn, changed or of another version; "
        f"`{_restore(path)}` restores it from the outputs of its job, which does not run again"
    )


def _require_own(path: Path, values: Mapping[str, Any]) -> None:
    """Raises an error for a record that was copied over that of another job."""
    if (path.parent.name, path.stem) != (str(values["rule"]), str(values["identity"])):
        raise UserError(f"{path}: the record of job `{job_name(values)}`, copied there")


def write_record(path: Path, values: Mapping[str, Any]) -> None:
    """Writes the values of a record; the longest ones of a long record into a file of their own."""
    run = run_folder(path)
    write_checked(path, values if run is None else shortened(values, Path(run)))


def record_digest(values: Mapping[str, Any]) -> str:
    """Returns the digest of a record: SHA-256, in hex, over what decides the job's rows.

    Files of the run are named relative to its folder, so that a run can be moved. A manifest counts
    as the files that it lists, not as the folder in which they are on this machine.
    """
    covered = {name: values[name] for name in ("rule", "identity", "spec", "code")}
    listed = values.get("listed", {})
    for name in ("inputs", "outputs"):
        covered[name] = {
            name_in_run(values, file): listed.get(file, sha) for file, sha in values[name].items()
        }
    covered["made_by"] = {
        name_in_run(values, file): maker["digest"] for file, maker in values["made_by"].items()
    }
    return json_sha256(covered)


def listed_files(files: Iterable[str]) -> dict[str, str]:
    """Returns the digest of the files that each manifest among `files` lists.

    It is the manifest's own, over names and contents. A file of that name that is no manifest has
    none.
    """
    found = {}
    for file in files:
        if PurePath(file).name == MANIFEST:
            with suppress(OSError, ValueError, KeyError, TypeError):
                found[file] = str(json.loads(Path(file).read_text(encoding="utf-8"))["digest"])
    return found


def root_digest(jobs: Iterable[tuple[str, str, str]]) -> str:
    """Returns the digest of a run: SHA-256, in hex, over the digests of its records.

    Args:
        jobs: Rule, identity and record digest of each job, in any order.
    """
    return json_sha256(sorted(list(job) for job in jobs))


def name_in_run(values: Mapping[str, Any], file: str) -> str:
    """Returns the name, in a record, of a file relative to the run; as it is if it is elsewhere."""
    start = _start_of_names(values["record"])
    return file[len(start) :] if start is not None and file.startswith(start) else file


@lru_cache
def _start_of_names(record: str) -> str | None:
    """Returns what the names of a run's files begin with; None for a record that is in no run."""
    folder = run_folder(PurePath(record))
    return None if folder is None else f"{folder}/"


def located(values: Mapping[str, Any], file: str, run: Path) -> Path:
    """Returns the path of a file that a record names, in a run that may have been moved."""
    name = name_in_run(values, file)
    return Path(file) if name == file else run / name


def run_folder(record: PurePath) -> PurePath | None:
    """Returns the folder of a record's run; None for a record that a person put elsewhere."""
    return record.parents[2] if record.parent.parent.name == _FOLDER else None


def is_record(file: PurePath, run: PurePath) -> bool:
    """Tells whether a file is among the records of a run."""
    return file.is_relative_to(run / _FOLDER)


def altered(
    file: Path, found: str | None, record: Path, values: Mapping[str, Any], promised: str
) -> str:
    """Returns the sentence on a file that is not the one which its record promises.

    Args:
        file: The file.
        found: Its SHA-256; None if there is no such file.
        record: The record of the job that made it.
        values: The values of this record.
        promised: The SHA-256 that it has of the file.
    """
    if found is None:
        return (
            f"{file}: there is no such file, but job `{job_name(values)}`, which made it, recorded "
            f"the SHA-256 {promised} in {record}; type your command again, and the job makes it "
            "again"
        )
    return (
        f"{file}: its SHA-256 is {found}, but job `{job_name(values)}`, which made it, recorded "
        f"{promised} in {record}; type `rm {file}` and then your command again, and the job makes "
        "it again"
    )


def unrecorded(file: Path, record: Path) -> str:
    """Returns the sentence on a file of the run that no record promises.

    Args:
        file: The file.
        record: Any record of the run.
    """
    return (
        f"{file}: no record says which job made it; `{_restore(record)}` restores a missing "
        f"record, otherwise type `rm {file}` and then your command again, and its job makes it "
        "again"
    )


def _restore(record: Path) -> str:
    """Returns the command that restores the records of a run; FILE is the run's config."""
    return f"python scripts/restore.py {run_folder(record) or 'RUN'} --configfile FILE"


def job_name(values: Mapping[str, Any]) -> str:
    """Returns the name of a record's job: its rule, and its identity if there are several."""
    rule, identity = str(values["rule"]), str(values["identity"])
    return rule if identity == "all" else f"{rule} {identity}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a job, as they were when it started.

    Attributes:
        sha256: The SHA-256 of each file; of a record, its digest.
        made_by: The record of the job that made a file, and the digest of this record. A file from
            outside the run has none.
        states: Size, time of change and inode of each file.
        missing: Files that did not exist. The job's own code reports those that it reads.
    """

    sha256: dict[Path, str]
    made_by: dict[Path, tuple[Path, str]]
    states: dict[Path, _State]
    missing: list[Path]

    def require_unchanged(self) -> None:
        """Raises `UserError` if a file has other contents than at the start of the job."""
        for file in self.missing:
            raise UserError(f"{file}: there is no such file, although it is an input of the job")
        for file, sha in self.sha256.items():
            if _state(file) != self.states[file] and (found := _digests([file])[file]) != sha:
                raise UserError(
                    f"{file}: changed while the job read it: its SHA-256 was {sha} and is {found}; "
                    "type your command again"
                )


def open_inputs(record: Path, files: Iterable[Path]) -> Inputs:
    """Digests the inputs of a job and compares them with the records of the jobs that made them.

    Args:
        record: The record that the job will write. If it is in no run, nothing is compared.
        files: The inputs.

    Raises:
        UserError: A file is not the one that its record promises, or its record is missing or torn.
    """
    makers = _Makers(record)
    opened = Inputs({}, {}, {}, [])
    for file in sorted(set(files)):
        if file.exists():
            opened.states[file] = _state(file)
        else:
            opened.missing.append(file)
    opened.sha256.update(_digests(opened.states))
    for file, sha in opened.sha256.items():
        if (made_by := makers.of(file, sha)) is not None:
            opened.made_by[file] = made_by
    return opened


class _Makers:
    """Finds the record of the job that made a file, without reading the records of all jobs.

    A record's identity is part of the names of its job's files, so only records of a few identities
    are candidates.
    """

    def __init__(self, record: Path) -> None:
        self._record, self._own = record, record.absolute()
        folder = run_folder(self._own)
        self._run = Path(folder) if folder is not None else None
        self._loaded: dict[Path, dict[str, Any] | UserError] = {}
        self._rule_of_folder: dict[str, str] = {}

    def of(self, file: Path, sha256: str) -> tuple[Path, str] | None:
        """Returns the record of a file's job and its digest; None for a file that no job made."""
        path = file.absolute()
        if self._run is None or not path.is_relative_to(self._run) or is_record(path, self._run):
            return None
        name = path.relative_to(self._run).as_posix()
        deadline = time.monotonic() + (_LATENCY_S if "SLURM_JOB_ID" in os.environ else 0.0)
        while True:
            # A run of another version may have left a record that has the same file.
            other: list[tuple[float, str]] = []
            unreadable: list[UserError] = []
            for record in self._candidates(name):
                values = self._load(record)
                if isinstance(values, UserError):
                    unreadable.append(values)
                    continue
                outputs = {name_in_run(values, out): sha for out, sha in values["outputs"].items()}
                if outputs.get(name) == sha256:
                    self._rule_of_folder[path.parent.name] = record.parent.name
                    return record, record_digest(values)
                if name in outputs:
                    sentence = altered(file, sha256, record, values, outputs[name])
                    other.append((record.stat().st_mtime, sentence))
            if other:
                raise UserError(max(other)[1])
            if unreadable:
                raise unreadable[0]
            if time.monotonic() > deadline:
                raise UserError(unrecorded(file, self._record))
            time.sleep(0.5)

    def _candidates(self, name: str) -> Iterator[Path]:
        """Yields the existing records whose job may have made a file, the most likely first."""
        path = PurePath(name)
        stem, folder = path.name.partition(".")[0], path.parent.name
        identities = dict.fromkeys((stem, f"{folder}-{stem}", folder, "all"))
        folders = self._record.parents[1]
        likely = self._rule_of_folder.get(folder)
        if likely is not None:
            yield from self._existing(folders / likely, identities)
        try:
            rules = sorted(folders.iterdir())
        except FileNotFoundError:
            return
        for rule in rules:
            if rule.name != likely:
                yield from self._existing(rule, identities)

    def _existing(self, rule: Path, identities: Iterable[str]) -> Iterator[Path]:
        for identity in identities:
            record = rule / f"{identity}.json"
            if record.is_file() and record.absolute() != self._own:
                yield record

    def _load(self, record: Path) -> dict[str, Any] | UserError:
        if record not in self._loaded:
            try:
                self._loaded[record] = load_record(record)
            except UserError as error:
                self._loaded[record] = error
        return self._loaded[record]


def _digests(files: Iterable[Path]) -> dict[Path, str]:
    """Returns the SHA-256 of each file; of a record its digest, which does not cover times."""
    names = list(files)
    records = {
        file: record_digest(load_record(file))
        for file in names
        if file.suffix == ".json" and file.parent.parent.name == _FOLDER
    }
    hashed = sha256_of(file for file in names if file not in records)
    return {file: records.get(file) or hashed[file] for file in names}


def _state(file: Path) -> _State:
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
