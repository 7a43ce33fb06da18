"""Unconditional sampling: the code generator continues the opening of a user turn."""

from collections.abc import Iterator

from caco.config.generation import Sample
from caco.engines.protocol import GeneratingModel, Request, complete_in_order, request
from caco.identity import canonical_json, digest, request_seed
from caco.rows.program import Program
from caco.runtime.progress import Progress
from caco.syntax import program_id


def sample_shard(
    model: GeneratingModel, section: Sample, shard: str, progress: Progress | None = None
) -> Iterator[Program]:
    """Yields the programs of a shard, in the order of their index.

    A program depends only on the checkpoint, the sampling settings, its shard and its index, so
    that shards can be added.

    Args:
        model: The code generator, with the unconditional prompt.
        section: The number of programs and the sampling settings.
        shard: The shard's name.
        progress: Advances with each completion.
    """
    prefix = model.frame("")
    # A sample's identity excludes engine and count: neither changes its seed or prompt.
    settings = canonical_json(section.sampling.model_dump())

    def requests() -> Iterator[tuple[int, Request]]:
        for index in range(section.programs_per_shard):
            seed = request_seed(section.sampling.seed, shard, index)
            yield index, request(str(index), prefix, seed, section.sampling)

    for index, completion in complete_in_order(model.engine, requests(), progress):
        yield Program(
            sample_id=digest(model.digest, settings, shard, str(index)),
            program_id=program_id(completion.text),
            shard=shard,
            index=index,
            program=completion.text,
            model=model.digest,
            seed=request_seed(section.sampling.seed, shard, index),
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
            token_ids=model.kept_ids(completion.text, completion),
        )
