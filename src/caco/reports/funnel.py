"""The funnel: rows in, rows accepted and rows rejected by verdict, of each stage.

The row counts of the files are compared with those of the jobs' records.
"""

import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import UserError
from caco.reports.records import Record
from caco.reports.row_counts import is_replies
from caco.rows.graded import CORRECT, Graded
from caco.rows.rejected import Rejected
from caco.rows.table import Row, count_rows
from caco.runtime.checksums import read_checked, write_checked
from caco.workflow.stages import BY_NAME, ROW_STAGES

_HELD_OUT = ".held_out.parquet"
_WRAP = 64  # characters in the column of verdicts
_TIED = "\0"  # the space between a verdict and its number, where a line must not break


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One step of the funnel.

    Attributes:
        stage: Its rule.
        rows_in: Rows that entered.
        accepted: Rows that it accepted.
        rejected: The other rows by verdict, most frequent first.
        seconds: Total wall time of its jobs.
        jobs: Number of its jobs.
        held_out: Accepted rows that the next stage does not read: seeds held out for benchmarks.
        variants: How many times each row of the previous stage entered: questions per program, or
            solutions per question.
    """

    stage: str
    rows_in: int
    accepted: int
    rejected: dict[str, int]
    seconds: float
    jobs: int
    held_out: int = 0
    variants: int = 1

    @property
    def beside_funnel(self) -> bool:
        """Whether its rows belong to a benchmark or an ablation."""
        return BY_NAME[self.stage].beside_funnel


@dataclass(frozen=True, slots=True)
class Counted:
    """The row counts of one job's files.

    Attributes:
        record: The job's record.
        accepted: Accepted rows by file; of graded answers, the correct ones.
        rejected: Rejected rows by file and verdict; of graded answers, all but the correct ones.
        replies: The files of its model's replies, which are no rows.
    """

    record: Record
    accepted: dict[Path, int]
    rejected: dict[Path, dict[str, int]]
    replies: list[Path]


def count_files(records: Iterable[Record], readable: Collection[Path]) -> list[Counted]:
    """Counts the files of every job that belongs to a stage.

    Raises:
        UserError: As `count`.
    """
    readable = frozenset(readable)
    return [count(record, readable) for record in records if record.rule in ROW_STAGES]


def funnel(counted: Sequence[Counted]) -> list[FunnelStage]:
    """Returns the stages in order, and checks that each read what the previous one accepted.

    Raises:
        UserError: A stage read a different number of rows than the previous stage accepted.
    """
    jobs = {name: [c for c in counted if c.record.rule == name] for name in ROW_STAGES}
    for later in ROW_STAGES:
        earlier = next((name for name in BY_NAME[later].follows if jobs[name]), None)
        if jobs[later] and earlier:
            _check_chain(jobs[earlier], jobs[later])
    return [_stage(name, of_stage) for name, of_stage in jobs.items() if of_stage]


def _stage(name: str, jobs: list[Counted]) -> FunnelStage:
    rejected: Counter[str] = Counter()
    for job in jobs:
        for verdicts in job.rejected.values():
            rejected.update(verdicts)
    accepted = sum(sum(job.accepted.values()) for job in jobs)
    return FunnelStage(
        stage=name,
        rows_in=accepted + rejected.total(),
        accepted=accepted,
        rejected=dict(sorted(rejected.items(), key=lambda item: (-item[1], item[0]))),
        seconds=round(sum(job.record.seconds for job in jobs), 3),
        jobs=len(jobs),
        held_out=accepted - sum(_passed_on(job) for job in jobs),
        variants=jobs[0].record.variants,
    )


def _check_chain(earlier: list[Counted], later: list[Counted]) -> None:
    """Compares two stages, job by job if the jobs have the same identities (shards, sources).

    A row that enters the later stage several times counts each time.
    """
    by_identity = {job.record.identity: job for job in earlier}
    if by_identity.keys() == {job.record.identity for job in later}:
        for job in later:
            before = by_identity[job.record.identity]
            _compare(_passed_on(before), str(before.record.path), job.record, _rows_in(job))
        return
    out, into = sum(map(_passed_on, earlier)), sum(map(_rows_in, later))
    _compare(out, f"stage {earlier[0].record.rule}", later[0].record, into)


def _compare(out: int, before: str, after: Record, into: int) -> None:
    """Raises `UserError` unless `after` read the `out` accepted rows of `before` (`into` rows)."""
    times = after.variants
    if out * times != into:
        each = f", each {times} times" if times > 1 else ""
        raise UserError(
            f"{after.path}: stage {after.rule} read {into} rows, but {before} accepted "
            f"{out}{each}; delete the outputs of stage {after.rule} and run again"
        )


def _rows_in(job: Counted) -> int:
    return job.record.counts.rows_in if job.record.counts else 0


def _passed_on(job: Counted) -> int:
    """Returns the accepted rows that the next stage reads: all but the held-out seeds."""
    return sum(n for path, n in job.accepted.items() if not path.name.endswith(_HELD_OUT))


def write_funnel(
    path: Path,
    stages: Iterable[FunnelStage],
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Writes the stages as JSON.

    Args:
        path: The file.
        stages: The stages.
        more: Further values of a stage, which `read_funnel` does not read.
    """
    written = [
        {
            "stage": s.stage,
            "in": s.rows_in,
            "accepted": s.accepted,
            "rejected": s.rejected,
            "seconds": s.seconds,
            "jobs": s.jobs,
            "held_out": s.held_out,
            "variants": s.variants,
            **(more or {}).get(s.stage, {}),
        }
        for s in stages
    ]
    write_checked(path, {"stages": written})


def read_funnel(path: Path) -> list[FunnelStage]:
    """Reads the file that `write_funnel` writes.

    Raises:
        UserError: The file is missing or not a funnel.
    """
    try:
        raw: list[dict[str, Any]] = read_checked(path)["stages"]
        return [
            FunnelStage(
                s["stage"], s["in"], s["accepted"], s["rejected"], s["seconds"], s["jobs"],
                s["held_out"], s["variants"],
            )
            for s in raw
        ]  # fmt: skip
    except FileNotFoundError:
        raise UserError(f"{path}: the file does not exist; run the workflow first") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a funnel; delete it and run again") from None


def funnel_text(stages: Iterable[FunnelStage]) -> str:
    """Returns the funnel as a plain-text table, with the benchmarks in a separate block below."""
    header = ("stage", "in", "accepted", "share", "rejected")
    stages = list(stages)
    body = [_cells(s) for s in stages if not s.beside_funnel]
    below = [_cells(s) for s in stages if s.beside_funnel]
    widths = [max(len(row[i]) for row in [header, *body, *below]) for i in range(4)]
    rule = "  ".join("-" * w for w in [*widths, len(header[4])])
    lines = [_line(header, widths), rule, *(_line(row, widths) for row in body)]
    if below:
        lines += [rule, *(_line(row, widths) for row in below)]
    return "\n".join(lines) + "\n"


def _cells(s: FunnelStage) -> tuple[str, str, str, str, str]:
    share = f"{s.accepted / s.rows_in:.1%}" if s.rows_in else "-"
    verdicts = ", ".join(f"{name}{_TIED}{n:,}" for name, n in s.rejected.items())
    held_out = f"; {s.held_out:,} of the accepted held out" if s.held_out else ""
    times = f"; each row entered {s.variants} times" if s.variants > 1 else ""
    return s.stage, f"{s.rows_in:,}", f"{s.accepted:,}", share, (verdicts or "-") + held_out + times


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Returns a row: the name left-aligned, numbers right-aligned, verdicts wrapped."""
    numbers = "  ".join(f"{cell:>{w}}" for cell, w in zip(cells[1:4], widths[1:], strict=True))
    first = f"{cells[0]:<{widths[0]}}  {numbers}  "
    text = textwrap.fill(
        cells[4],
        width=len(first) + _WRAP,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return text.replace(_TIED, " ")


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
    replies: list[Path] = []
    for path in record.outputs:
        if path.suffix != ".parquet":
            continue
        if path not in readable:
            raise UserError(f"{path}: {record.path} names it, but --rows does not; add it there")
        if is_replies(path):
            replies.append(path)
        elif is_rejected(path):
            rejected[path] = _verdicts(path, Rejected)
        elif ROW_STAGES[record.rule] is Graded:  # one file contains correct and wrong answers
            rejected[path] = _verdicts(path, Graded)
            accepted[path] = rejected[path].pop(CORRECT, 0)
        else:
            accepted[path] = count_rows(path, ROW_STAGES[record.rule])
    counted = Counted(record, accepted, rejected, replies)
    _compare_with_record(counted)
    return counted


def is_rejected(path: Path) -> bool:
    """Tells whether `path` contains rejected rows: `rejected/{stage}/{identity}.parquet`."""
    return "rejected" in path.parts[:-1]


def _compare_with_record(counted: Counted) -> None:
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
