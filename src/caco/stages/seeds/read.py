"""Sources become seeds: read, stripped of duplicates, split into training and held-out parts."""

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
    """What became of a source's rows: each is in exactly one of the three lists.

    Attributes:
        train: Seeds that training may see.
        held_out: Seeds that no training sees; none asks a question that `train` asks.
        rejected: Rows that are no seed (`malformed`), or ask what an earlier row asked
            (`duplicate`).
    """

    train: list[Seed]
    held_out: list[Seed]
    rejected: list[Rejected]


def read_seeds(reader: Reader, source: str) -> Reading:
    """Reads the seeds of a source.

    Args:
        reader: What is read.
        source: The source's name in the config.

    Raises:
        UserError: The source cannot be read, or has too few problems for its held-out part.
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
        asked = same_problem(row.problem)
        if asked in seen:
            reason = f"asks what the seed {seen[asked]} asks"
            rejected.append(reject(row.seed_id, "duplicate", reason, row))
        else:
            seen[asked] = row.seed_id
            seeds.append(row)
    kept_out = _held_out(seeds, reader, source)
    return Reading(
        train=[s for s in seeds if s.seed_id not in kept_out],
        held_out=[s for s in seeds if s.seed_id in kept_out],
        rejected=rejected,
    )


def _rows(reader: Reader, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source, read by the module of its reader."""
    if isinstance(reader, Planned):
        raise UserError(
            f"the reader `{reader.reader}` is not implemented yet; convert its problems to GSM8K's "
            f"JSON lines and set `sources.{source}.seeds.reader` to `gsm8k`"
        )
    rows: Iterator[Seed | Rejected] = load_implementation(reader).read(reader, source)
    return rows


def _held_out(seeds: list[Seed], reader: Reader, source: str) -> set[str]:
    """Draws the held-out part: the lowest digests of seed and problem, so order decides nothing."""
    if reader.held_out and reader.held_out >= len(seeds):
        raise UserError(
            f"`sources.{source}.seeds.held_out` is {reader.held_out}, but the source gave only "
            f"{len(seeds)} distinct problems and training needs some: lower it or raise `rows`"
        )
    drawn = sorted(seeds, key=lambda s: digest(str(reader.seed), same_problem(s.problem)))
    return {s.seed_id for s in drawn[: reader.held_out]}
