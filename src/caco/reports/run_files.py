"""The records and tables of a run, finished or not, by the names that files have in it.

The folder may be a copy of the run. Tables are read by column, because the search for one identity
reads every table, and because another version may have written other columns.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.reports.record_form import load_whole_record
from caco.reports.records import config_of, planned_jobs
from caco.rows.table import read_columns
from caco.runtime.chain import altered, name_in_run, unrecorded
from caco.runtime.checksums import sha256_of
from caco.workflow.paths import Paths

Job = tuple[str, str]  # rule and identity
Values = Mapping[str, Any]  # of a record


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its records.

    Files are named relative to the run's folder; one from elsewhere has the name in the record.

    Attributes:
        folder: `results/{run}`.
        paths: The paths of its files.
        config: The complete config; empty for a run of an earlier version.
        planned: The identities of each rule's jobs, in the order of the data.
        records: The records that exist, in the same order.
        torn: One sentence for each record that is not whole, by its job.
        made_by: The job that made a file.
        read_by: The jobs that read a file.
    """

    folder: Path
    paths: Paths
    config: dict[str, Any]
    planned: dict[str, list[str]]
    records: dict[Job, Values]
    torn: dict[Job, str]
    made_by: dict[str, Job]
    read_by: dict[str, list[Job]]

    def path(self, name: str) -> Path:
        """Returns the path of a file of the run."""
        return self.folder / name

    def missing(self) -> list[Job]:
        """Returns the planned jobs without a record."""
        return [
            (rule, identity)
            for rule, identities in self.planned.items()
            for identity in identities
            if (rule, identity) not in self.records
        ]


def open_run(folder: Path) -> Run:
    """Reads the records of a run.

    Args:
        folder: `results/{run}`, or a copy of it.

    Raises:
        UserError: No run was started there.
    """
    paths = Paths(folder.name, str(folder.parent))
    run = Run(folder, paths, config_of(folder), planned_jobs(folder), {}, {}, {}, {})
    readers: dict[str, list[Job]] = defaultdict(list)
    for rule, identities in run.planned.items():
        for identity in identities:
            path = Path(run.paths.provenance(rule, identity))
            if not path.exists():
                continue
            try:
                values = load_whole_record(path)
            except UserError as error:
                run.torn[rule, identity] = str(error)
                continue
            run.records[rule, identity] = values
            run.made_by.update(dict.fromkeys(outputs(values), (rule, identity)))
            for name in inputs(values):
                readers[name].append((rule, identity))
    run.read_by.update(readers)
    return run


def inputs(values: Values) -> dict[str, str]:
    """Returns the digest of each input of a job, by the name in the run."""
    return _files(values, "inputs")


def outputs(values: Values) -> dict[str, str]:
    """Returns the digest of each output of a job, by the name in the run."""
    return _files(values, "outputs")


def _files(values: Values, which: str) -> dict[str, str]:
    listed = values.get("listed", {})
    return {name_in_run(values, file): listed.get(file, sha) for file, sha in values[which].items()}


def tables(run: Run) -> Iterator[tuple[str, Job]]:
    """Yields the Parquet files that the jobs of a run wrote, and their jobs, in data order."""
    for job, values in run.records.items():
        for name in outputs(values):
            if name.endswith(".parquet"):
                yield name, job


def altered_tables(run: Run) -> dict[str, str]:
    """Returns one sentence for each table that is not the one which its record promises, by name.

    A table that is missing is left out: its readers say so.
    """
    there = {name: job for name, job in tables(run) if run.path(name).is_file()}
    digests = sha256_of(map(run.path, there))
    found = {}
    for name, job in there.items():
        values, file = run.records[job], run.path(name)
        if digests[file] != (promised := outputs(values)[name]):
            record = Path(run.paths.provenance(*job))
            found[name] = altered(file, digests[file], record, values, promised)
    return found


def unrecorded_inputs(run: Run) -> list[str]:
    """Returns one sentence for each file that a job read and whose own job has no whole record."""
    found: dict[str, str] = {}
    for values in run.records.values():
        for file in values["inputs"]:
            name = name_in_run(values, file)
            inside = name != file and not name.startswith("provenance/")
            if inside and name not in run.made_by and run.path(name).exists():
                found[name] = unrecorded_file(run, name)
    return list(found.values())


def unrecorded_file(run: Run, name: str) -> str:
    """Returns the sentence on a file of the run that no record promises."""
    return unrecorded(run.path(name), Path(run.paths.provenance("corpus", "all")))


def row(path: Path, index: int) -> dict[str, Any]:
    """Returns one row of a Parquet file.

    Args:
        path: The file.
        index: The row, from 0.

    Raises:
        UserError: The file is missing or unreadable.
    """
    found: list[dict[str, Any]] = read_columns(path).slice(index, 1).to_pylist()
    return found[0]
