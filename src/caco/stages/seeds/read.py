"""Reading of a source: deduplication, and the split into a training and a held-out part.

Neither keeps the rows in memory: a source may have hundreds of thousands. The held-out part is
known before the rows are split, so that a source with one is read twice.
"""

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from caco.config.section import load_implementation
from caco.config.sources import Reader
from caco.errors import UserError
from caco.identity import digest
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.runtime.progress import Progress
from caco.stages.seeds.normalise import same_problem
from caco.stages.seeds.rejections import Rejections


def read_seeds(reader: Reader, source: str, held_out: list[Seed]) -> Iterator[Seed | Rejected]:
    """Streams the training seeds of a source, and its rows that are no seed.

    Verdicts: `duplicate` (the problem of an earlier row); those of the reader, such as `malformed`.

    Args:
        reader: The section that selects the reader.
        source: The source's name in the config.
        held_out: Receives the seeds that no training reads; none has the same problem as a
            training seed.

    Raises:
        UserError: The source cannot be read, or has fewer rows than `rows`, or fewer problems than
            `min_rows` or than its held-out part needs. The last three are raised after the last
            row.
    """
    excluded = _held_out_problems(reader, source)
    rejections, found, distinct = Rejections(), 0, 0
    progress = Progress(f"seeds of {source}", reader.rows or 0)
    with closing(_Seen()) as seen:
        for row in _rows(reader, source):
            progress.add()
            found += 1
            if isinstance(row, Seed):
                problem = same_problem(row.problem)
                if (earlier := seen.add(problem, row.seed_id)) is None:
                    distinct += 1
                    if _draw(reader, problem) in excluded:
                        held_out.append(row)
                    else:
                        yield row
                    continue
                row = reject(row.seed_id, "duplicate", f"same problem as the seed {earlier}", row)
            condition = row.reason.partition(": ")[2] if row.verdict == "filtered" else ""
            rejections.add(row, condition)
            yield row
    rejections.print(f"seeds of {source}")
    _require_enough(reader, source, found, distinct, rejections)


def _require_enough(
    reader: Reader, source: str, found: int, distinct: int, rejections: Rejections
) -> None:
    if reader.rows is not None and found < reader.rows and distinct >= reader.min_rows:
        raise UserError(
            f"the source `{source}` has {found:,} rows, but `sources.{source}.seeds.rows` is "
            f"{reader.rows:,}; a file of it may be incomplete: get it again, or lower `rows`"
        )
    if distinct < reader.min_rows:
        raise UserError(
            f"the source `{source}` has {distinct:,} distinct problems, but "
            f"`sources.{source}.seeds.min_rows` is {reader.min_rows:,}; lower it, or correct the "
            f"other keys of `sources.{source}.seeds`{rejections.cause(distinct)}"
        )
    if reader.held_out and reader.held_out >= distinct:
        raise UserError(
            f"`sources.{source}.seeds.held_out` is {reader.held_out}, but the source has only "
            f"{distinct} distinct problems, which leaves none for training; lower it or raise "
            "`rows`"
        )


def _rows(reader: Reader, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source from the module of its reader."""
    rows: Iterator[Seed | Rejected] = load_implementation(reader).read(reader, source)
    return rows


def _draw(reader: Reader, problem: str) -> str:
    return digest(str(reader.seed), problem)


def _held_out_problems(reader: Reader, source: str) -> set[str]:
    """Returns the draws of the held-out part: the lowest ones, whatever the order of the rows."""
    kept: set[str] = set()
    if not reader.held_out:
        return kept
    highest: list[int] = []  # a heap of the negated draws in `kept`
    for row in _rows(reader, source):
        if isinstance(row, Rejected):
            continue
        draw = _draw(reader, same_problem(row.problem))
        if draw in kept:
            continue
        kept.add(draw)
        heapq.heappush(highest, -int(draw, 16))
        if len(highest) > reader.held_out:
            kept.remove(f"{-heapq.heappop(highest):032x}")
    return kept


class _Seen:
    """The problems of a source, in a temporary database on disk."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(
            "CREATE TABLE seen (problem BLOB PRIMARY KEY, seed BLOB) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def add(self, problem: str, seed_id: str) -> str | None:
        """Adds a problem; returns the seed that has it already, or None."""
        key = bytes.fromhex(digest(problem))
        added = self._database.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, bytes.fromhex(seed_id))
        )
        if added.rowcount:
            return None
        found = self._database.execute("SELECT seed FROM seen WHERE problem = ?", (key,))
        return bytes(found.fetchone()[0]).hex()

    def close(self) -> None:
        self._database.close()
