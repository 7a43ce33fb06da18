"""Held-out questions and benchmarks: no problem of theirs may be a training row of any source."""

from collections.abc import Iterable, Iterator, Sequence

from caco.config.checks import Decontaminate
from caco.overlap.contamination import Item, Items
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed

Named = Sequence[tuple[str, Iterable[Seed]]]  # the name of a source or benchmark, and its seeds


class KeptOut:
    """The problems that no seed of a source may become a Code CoT of.

    The held-out seeds of the same source are compared in the layers `settings.held_out`, because a
    source may be made from few templates; those of other sources and the benchmarks from files in
    `settings.layers`.
    """

    def __init__(
        self, source: str, held_out: Named, problems: Named, settings: Decontaminate
    ) -> None:
        """Indexes the problems.

        Args:
            source: Name of the source.
            held_out: The held-out seeds of every source that has some.
            problems: The problems of the benchmarks from files.
            settings: The layers and their thresholds.
        """
        own = [pair for pair in held_out if pair[0] == source]
        others = [pair for pair in held_out if pair[0] != source]
        self._checks = (
            ("held_out", Items(_items("seed", own), settings.held_out, settings)),
            ("held_out", Items(_items("seed", others), settings.layers, settings)),
            ("contaminated", Items(_items("problem", problems), settings.layers, settings)),
        )

    def outcomes(
        self, seeds: Iterable[Seed], rows: Iterable[CodeCoT | Rejected]
    ) -> Iterator[CodeCoT | Rejected]:
        """Yields the rows, but a rejection for each Code CoT that is one of the problems.

        The verdict is `held_out` or `contaminated`. Question and program of the seed are compared,
        and the program of the Code CoT, whatever made it: the source, its worked solution or a
        model.

        Args:
            seeds: The seeds of the source.
            rows: The Code CoT or the rejection of each, in the same order.
        """
        for seed, row in zip(seeds, rows, strict=True):
            assert seed.seed_id == (row.row_id if isinstance(row, Rejected) else row.seed_id)
            yield row if isinstance(row, Rejected) else self._rejection(seed, row) or row

    def _rejection(self, seed: Seed, row: CodeCoT) -> Rejected | None:
        for verdict, items in self._checks:
            match = items.match(seed.problem, seed.program) or items.match_program(row.program)
            if match:
                return reject(seed.seed_id, verdict, match.reason, seed)
        return None


def _items(what: str, named: Named) -> Iterable[Item]:
    for name, rows in named:
        for row in rows:
            yield Item(f"{what} {row.seed_id} of {name}", row.problem, row.program)
