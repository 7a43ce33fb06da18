"""Reading of a source: deduplication, and the split into a training and a held-out part."""

from collections.abc import Iterator
from dataclasses import dataclass

from caco.config.section import load_implementation
from caco.config.sources import Planned, Reader
from caco.errors import UserError
from caco.identity import digest
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.runtime.progress import Progress
from caco.stages.seeds.normalise import same_problem


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of a source: each is in exactly one of the three lists.

    Attributes:
        train: Seeds for training.
        held_out: Seeds that no training reads; none has the same problem as a seed in `train`.
        rejected: Rows that are not a seed (`malformed`), or have the problem of an earlier row
            (`duplicate`).
    """

    train: list[Seed]
    held_out: list[Seed]
    rejected: list[Rejected]


def read_seeds(reader: Reader, source: str) -> Reading:
    """Reads the seeds of a source.

    Args:
        reader: The section that selects the reader.
        source: The source's name in the config.

    Raises:
        UserError: The source cannot be read, or has fewer problems than `min_rows` or than its
            held-out part needs.
    """
    rejected: list[Rejected] = []
    seeds: list[Seed] = []
    seen: dict[str, str] = {}
    progress = Progress(f"seeds of {source}", reader.rows or 0)
    for row in _rows(reader, source):
        progress.add()
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        problem = same_problem(row.problem)
        if problem in seen:
            reason = f"same problem as the seed {seen[problem]}"
            rejected.append(reject(row.seed_id, "duplicate", reason, row))
        else:
            seen[problem] = row.seed_id
            seeds.append(row)
    if len(seeds) < reader.min_rows:
        raise _too_few(seeds, rejected, reader, source)
    held_out_ids = _held_out_ids(seeds, reader, source)
    return Reading(
        train=[s for s in seeds if s.seed_id not in held_out_ids],
        held_out=[s for s in seeds if s.seed_id in held_out_ids],
        rejected=rejected,
    )


def _too_few(seeds: list[Seed], rejected: list[Rejected], reader: Reader, source: str) -> UserError:
    why = (
        f"; the first of {len(rejected):,} rejected rows: {rejected[0].verdict}, "
        f"{rejected[0].reason}"
        if rejected
        else ""
    )
    return UserError(
        f"the source `{source}` has {len(seeds):,} distinct problems, but "
        f"`sources.{source}.seeds.min_rows` is {reader.min_rows:,}; lower it, or correct the other "
        f"keys of `sources.{source}.seeds`{why}"
    )


def _rows(reader: Reader, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source from the module of its reader."""
    if isinstance(reader, Planned):
        raise UserError(
            f"the reader `{reader.reader}` is not implemented yet; convert its problems to GSM8K's "
            f"JSON lines and set `sources.{source}.seeds.reader` to `gsm8k`"
        )
    rows: Iterator[Seed | Rejected] = load_implementation(reader).read(reader, source)
    return rows


def _held_out_ids(seeds: list[Seed], reader: Reader, source: str) -> set[str]:
    """Returns the ids of the held-out part: those with the lowest digests, whatever the order."""
    if reader.held_out and reader.held_out >= len(seeds):
        raise UserError(
            f"`sources.{source}.seeds.held_out` is {reader.held_out}, but the source has only "
            f"{len(seeds)} distinct problems, which leaves none for training; lower it or raise "
            "`rows`"
        )
    drawn = sorted(seeds, key=lambda s: digest(str(reader.seed), same_problem(s.problem)))
    return {s.seed_id for s in drawn[: reader.held_out]}
