"""The records and tables of a run, finished or not, by the names that files have in it.

The folder may be a copy of the run. Tables are read by column, because the search for one identity
reads every table, and because another version may have written other columns.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import CacoError, UserError
from caco.reports.records import planned_jobs
from caco.runtime.chain import load_record, name_in_run
from caco.runtime.file_system import file_system_error
from caco.workflow.paths import Paths

Job = tuple[str, str]  # rule and identity
Values = Mapping[str, Any]  # of a record
_UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, MemoryError)


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its records.

    Files are named relative to the run's folder; one from elsewhere has the name in the record.

    Attributes:
        folder: `results/{run}`.
        paths: The paths of its files.
        planned: The identities of each rule's jobs, in the order of the data.
        records: The records that exist, in the same order.
        torn: One sentence for each record that is not whole.
        made_by: The job that made a file.
        read_by: The jobs that read a file.
    """

    folder: Path
    paths: Paths
    planned: dict[str, list[str]]
    records: dict[Job, Values]
    torn: list[str]
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
    run = Run(folder, Paths(folder.name, str(folder.parent)), planned_jobs(folder), {}, [], {}, {})
    readers: dict[str, list[Job]] = defaultdict(list)
    for rule, identities in run.planned.items():
        for identity in identities:
            path = Path(run.paths.provenance(rule, identity))
            if not path.exists():
                continue
            try:
                values = load_record(path)
            except UserError as error:
                run.torn.append(str(error))
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


def table(path: Path, columns: Collection[str] | None = None) -> pa.Table:
    """Reads the columns that a Parquet file has of `columns`; without them, all.

    Raises:
        UserError: The file is missing or unreadable.
    """
    try:
        with _opened(path) as file:
            names = file.schema_arrow.names
            wanted = names if columns is None else [name for name in names if name in columns]
            return file.read(columns=wanted)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None


def row(path: Path, index: int) -> dict[str, Any]:
    """Returns one row of a Parquet file.

    Args:
        path: The file.
        index: The row, from 0.

    Raises:
        UserError: As `table`.
    """
    found: list[dict[str, Any]] = table(path).slice(index, 1).to_pylist()
    return found[0]


def row_count(path: Path) -> int:
    """Returns the number of rows of a Parquet file.

    Raises:
        UserError: As `table`.
    """
    try:
        with _opened(path) as file:
            return int(file.metadata.num_rows)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None


def _opened(path: Path) -> pq.ParquetFile:
    path.open("rb").close()  # its errors have a number, unlike pyarrow's
    return pq.ParquetFile(path, page_checksum_verification=True)


def _unreadable(path: Path, error: BaseException) -> CacoError:
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: there is no such file; run the rule that makes it")
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return file_system_error(error, path) or UserError(
        f"{path}: not a readable Parquet file ({why}); delete it and run again to recreate it"
    )
