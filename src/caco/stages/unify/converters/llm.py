"""The converter `llm`: of all that a model attempted for a seed, its one Code CoT."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from caco.errors import CacoError
from caco.rows.code_cot import CodeCoT
from caco.rows.draft import ACCEPTED, Attempt
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.stages.unify.code_cots import Distinct


def code_cots(
    seeds: Iterable[Seed], rounds: Sequence[Iterable[Attempt]]
) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, the first accepted attempt as its Code CoT, or its rejection.

    A seed without one is rejected with the verdict of its last attempt; one whose program an
    earlier seed has already is a `duplicate`.

    Args:
        seeds: The source's seeds.
        rounds: The attempts of each round, in the order of the seeds; a round holds only the seeds
            that had no accepted attempt before it.

    Raises:
        CacoError: A seed was never attempted, or an attempt is of no seed.
    """
    streams = [groupby(attempts, lambda attempt: attempt.seed_id) for attempts in rounds]
    heads = [next(stream, None) for stream in streams]
    distinct = Distinct()
    for seed in seeds:
        tried: list[Attempt] = []
        for at, stream in enumerate(streams):
            head = heads[at]
            if head is not None and head[0] == seed.seed_id:
                tried += head[1]
                heads[at] = next(stream, None)
        if not tried:
            raise CacoError(f"no round attempted the seed {seed.seed_id}: a row was lost")
        yield _chosen(seed, tried, distinct)
    if any(heads):
        raise CacoError("a round attempted a seed that the source does not hold")


def _chosen(seed: Seed, tried: list[Attempt], distinct: Distinct) -> CodeCoT | Rejected:
    right = next((attempt for attempt in tried if attempt.verdict == ACCEPTED), None)
    if right is None:
        last = tried[-1]
        reason = f"the last of {len(tried)} programs: {last.reason}"
        return reject(seed.seed_id, last.verdict, reason, seed)
    assert right.input is not None and right.output is not None
    wrote = f"llm:{right.prompt}:{right.model}"
    return distinct.code_cot(seed, right.program, right.input, right.output, wrote)
