"""Held-out questions: a problem of a benchmark must not be a training row of any source."""

from collections.abc import Iterable

from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.text.questions import question_key


def leaked_seeds(
    seeds: Iterable[Seed], held_out: Iterable[tuple[str, Iterable[Seed]]]
) -> dict[str, Rejected]:
    """Returns, by seed id, the rejections of the seeds that must not become a Code CoT.

    Args:
        seeds: The seeds of one source.
        held_out: The held-out seeds of every source that has some, by its name.
    """
    benchmark = {
        question_key(row.problem): f"seed {row.seed_id} of {name}"
        for name, rows in held_out
        for row in rows
    }
    return {
        seed.seed_id: reject(
            seed.seed_id,
            "held_out",
            f"its question is held out for a benchmark: {benchmark[key]}",
            seed,
        )
        for seed in seeds
        if (key := question_key(seed.problem)) in benchmark
    }
