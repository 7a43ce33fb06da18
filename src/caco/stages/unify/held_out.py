"""Held-out questions and benchmarks: no problem of theirs may be a training row of any source."""

from collections.abc import Iterable, Sequence

from caco.config.checks import Decontaminate
from caco.overlap.contamination import Item, Items
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed

Named = Sequence[tuple[str, Iterable[Seed]]]  # the name of a source or benchmark, and its seeds


def leaked_seeds(
    seeds: Iterable[Seed], source: str, held_out: Named, problems: Named, settings: Decontaminate
) -> dict[str, Rejected]:
    """Returns, by seed id, the rejections of the seeds that must not become a Code CoT.

    The verdict is `held_out` or `contaminated`. The held-out seeds of the same source are compared
    in the layers `settings.held_out`, because a source may be made from few templates; those of
    other sources and the benchmarks from files in `settings.layers`.

    Args:
        seeds: The seeds of one source.
        source: Its name.
        held_out: The held-out seeds of every source that has some.
        problems: The problems of the benchmarks from files.
        settings: The layers and their thresholds.
    """
    own = [pair for pair in held_out if pair[0] == source]
    others = [pair for pair in held_out if pair[0] != source]
    checks = (
        ("held_out", Items(_items("seed", own), settings.held_out, settings)),
        ("held_out", Items(_items("seed", others), settings.layers, settings)),
        ("contaminated", Items(_items("problem", problems), settings.layers, settings)),
    )
    found: dict[str, Rejected] = {}
    for seed in seeds:
        for verdict, items in checks:
            if match := items.match(seed.problem, seed.program):
                found[seed.seed_id] = reject(seed.seed_id, verdict, match.reason, seed)
                break
    return found


def _items(what: str, named: Named) -> Iterable[Item]:
    for name, rows in named:
        for row in rows:
            yield Item(f"{what} {row.seed_id} of {name}", row.problem, row.program)
