"""The converter `llm`: selects a seed's Code CoT among the attempts of a model."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from caco.errors import CacoError
from caco.rows.code_cot import CodeCoT
from caco.rows.draft import Attempt
from caco.rows.rejected import ACCEPTED, Rejected, reject
from caco.rows.seed import Seed
from caco.stages.unify.code_cots import Deduplicator


def code_cots(
    seeds: Iterable[Seed], rounds: Sequence[Iterable[Attempt]]
) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, the first accepted attempt as its Code CoT, or its rejection.

    A seed without an accepted attempt is rejected with the verdict of its last attempt. One with
    the program of an earlier seed is rejected as a `duplicate`.

    Args:
        seeds: The source's seeds.
        rounds: The attempts of each round, in the order of the seeds; a round has only the seeds
            without an accepted attempt in an earlier round.

    Raises:
        CacoError: A seed has no attempt, or an attempt belongs to no seed.
    """
    streams = [groupby(round_, lambda attempt: attempt.seed_id) for round_ in rounds]
    heads = [next(stream, None) for stream in streams]
    deduplicator = Deduplicator()
    for seed in seeds:
        attempts: list[Attempt] = []
        for index, stream in enumerate(streams):
            head = heads[index]
            if head is not None and head[0] == seed.seed_id:
                attempts += head[1]
                heads[index] = next(stream, None)
        if not attempts:
            raise CacoError(
                f"no round has an attempt of the seed {seed.seed_id}; delete the drafts and "
                "attempts of the source and run again"
            )
        yield _outcome(seed, attempts, deduplicator)
    if any(heads):
        raise CacoError(
            "a round has an attempt of an unknown seed; delete the drafts and attempts of the "
            "source and run again"
        )


def _outcome(seed: Seed, attempts: list[Attempt], deduplicator: Deduplicator) -> CodeCoT | Rejected:
    accepted = next((attempt for attempt in attempts if attempt.verdict == ACCEPTED), None)
    if accepted is None:
        last = attempts[-1]
        which = f"the last of {len(attempts)} programs" if len(attempts) > 1 else "its program"
        reason = f"{which}: {last.reason}"
        return reject(seed.seed_id, last.verdict, reason, seed)
    assert accepted.input is not None and accepted.output is not None
    converter = f"llm:{accepted.prompt}:{accepted.model}"
    return deduplicator.code_cot(seed, accepted.program, accepted.input, accepted.output, converter)
