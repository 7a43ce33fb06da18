"""Held-out questions: a problem of a benchmark must not be a training row of any source."""

from collections.abc import Iterable

from caco.identity import digest
from caco.rows.seed import Seed
from caco.text.questions import normal_question


def leaked_seeds(
    seeds: Iterable[Seed], held_out: Iterable[tuple[str, Iterable[Seed]]]
) -> dict[str, str]:
    """Returns, by seed id, why a seed must not become a Code CoT.

    Args:
        seeds: The seeds of one source.
        held_out: The held-out seeds of every source that has some, by its name.
    """
    benchmark = {_key(row): f"{row.seed_id} of {name}" for name, rows in held_out for row in rows}
    return {
        seed.seed_id: f"its question is held out for a benchmark: seed {benchmark[key]}"
        for seed in seeds
        if (key := _key(seed)) in benchmark
    }


def _key(seed: Seed) -> bytes:
    """Returns a 16-byte digest of the question's normal form."""
    return bytes.fromhex(digest(normal_question(seed.problem)))
