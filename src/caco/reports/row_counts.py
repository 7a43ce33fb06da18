"""Row counts of the files, compared with those of the jobs' records."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import UserError
from caco.reports.records import Record
from caco.rows.graded import CORRECT, Graded
from caco.rows.rejected import Rejected
from caco.rows.table import Row, count_rows
from caco.workflow.stages import ROW_STAGES


@dataclass(frozen=True, slots=True)
class Counted:
    """The row counts of one job's files.

    Attributes:
        record: The job's record.
        accepted: Accepted rows by file; of graded answers, the correct ones.
        rejected: Rejected rows by file and verdict; of graded answers, all but the correct ones.
    """

    record: Record
    accepted: dict[Path, int]
    rejected: dict[Path, dict[str, int]]


def count(record: Record, readable: Collection[Path]) -> Counted:
    """Counts the rows of a job's Parquet files.

    Args:
        record: The record of a job of one of `caco.workflow.stages.ROW_STAGES`.
        readable: The files that may be read: those that Snakemake knows as inputs of the report.

    Raises:
        UserError: A file is not in `readable`, missing, unreadable or of another row type, or its
            row counts differ from the record.
    """
    accepted: dict[Path, int] = {}
    rejected: dict[Path, dict[str, int]] = {}
    for path in record.outputs:
        if path.suffix != ".parquet":
            continue
        if path not in readable:
            raise UserError(f"{path}: {record.path} names it, but --rows does not; add it there")
        if is_rejected(path):
            rejected[path] = _verdicts(path, Rejected)
        elif ROW_STAGES[record.rule] is Graded:  # one file contains correct and wrong answers
            rejected[path] = _verdicts(path, Graded)
            accepted[path] = rejected[path].pop(CORRECT, 0)
        else:
            accepted[path] = count_rows(path, ROW_STAGES[record.rule])
    counted = Counted(record, accepted, rejected)
    _compare(counted)
    return counted


def is_rejected(path: Path) -> bool:
    """Tells whether `path` contains rejected rows: `rejected/{stage}/{identity}.parquet`."""
    return "rejected" in path.parts[:-1]


def _compare(counted: Counted) -> None:
    """Raises `UserError` if the files and the record differ."""
    record, recorded = counted.record, counted.record.counts
    if recorded is None:
        raise UserError(
            f"{record.path}: the record has no row counts, which stage {record.rule} must write; "
            "delete it and run again"
        )
    if (rows := sum(counted.accepted.values())) != recorded.accepted:
        raise UserError(
            f"{_names(counted.accepted, record)}: {rows} accepted rows, but {record.path} records "
            f"{recorded.accepted}; delete both and run again"
        )
    total: Counter[str] = Counter()
    for verdicts in counted.rejected.values():
        total.update(verdicts)
    for verdict in sorted(total.keys() | recorded.rejected.keys()):
        if total[verdict] != recorded.rejected.get(verdict, 0):
            raise UserError(
                f"{_names(counted.rejected, record)}: {total[verdict]} rows rejected as {verdict}, "
                f"but {record.path} records {recorded.rejected.get(verdict, 0)}; "
                "delete both and run again"
            )


def _names(files: Collection[Path], record: Record) -> str:
    return " and ".join(map(str, files)) or f"stage {record.rule} wrote no such file"


def _verdicts(path: Path, row_type: type[Row]) -> dict[str, int]:
    """Returns the rows of `path` by verdict; reads only that column."""
    if count_rows(path, row_type) == 0:
        return {}
    try:
        column = pq.read_table(path, columns=["verdict"]).column("verdict").to_pylist()
    except (pa.ArrowInvalid, OSError) as e:
        raise UserError(
            f"{path}: damaged ({str(e).splitlines()[0]}); delete it and run again, "
            "its rule will make it again"
        ) from None
    return Counter(map(str, column))
