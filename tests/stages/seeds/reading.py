"""A source's rows as three lists."""

from dataclasses import dataclass

from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.read import read_seeds


@dataclass(frozen=True)
class Reading:
    """The training seeds, the held-out seeds and the rejected rows of a source."""

    train: list[Seed]
    held_out: list[Seed]
    rejected: list[Rejected]


def read_whole(reader, source) -> Reading:
    """Returns all rows of a source."""
    held_out: list[Seed] = []
    rows = list(read_seeds(reader, source, held_out))
    return Reading(
        [row for row in rows if isinstance(row, Seed)],
        held_out,
        [row for row in rows if isinstance(row, Rejected)],
    )
