"""Drafts: one round in which a model generates programs for the seeds without an accepted one.

Generation and execution need different environments and cannot share a process. A round therefore
consists of a job that drafts and a job that executes (`caco.stages.unify.attempts`), whose attempts
the next round reads. The prompt is `convert.j2`, which also shows the fault of an earlier draft.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from caco.config.sources import Drafting
from caco.engines.protocol import GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.draft import Attempt, Draft
from caco.rows.rejected import ACCEPTED
from caco.rows.seed import Seed
from caco.runtime.progress import Progress
from caco.text.calculator_marks import without_marks
from caco.text.prompts import Prompt

CONVERT = Prompt(Path(__file__).parent / "convert.j2")


def convert_prompt(seed: Seed, earlier: Attempt | None) -> str:
    """Returns the user turn that requests a seed's program.

    Args:
        seed: The seed. The prompt shows its worked solution where it has one, but never its answer:
            a program that assigns the answer as a constant would be accepted.
        earlier: The previous attempt of this candidate, or None.
    """
    return CONVERT.render(
        problem=seed.problem,
        solution=without_marks(seed.solution or ""),
        program=earlier.program.rstrip() if earlier else "",
        fault=earlier.reason.rstrip(".") if earlier else "",
    )


# A seed, the position of its candidate, and the attempt that this candidate follows.
Task = tuple[Seed, int, Attempt | None]


def first_tasks(seeds: Iterable[Seed], candidates: int) -> Iterator[Task]:
    """Yields the tasks of round 0: `candidates` for each seed."""
    for seed in seeds:
        for candidate in range(candidates):
            yield seed, candidate, None


def next_tasks(seeds: Iterable[Seed], attempts: Iterable[Attempt]) -> Iterator[Task]:
    """Yields the tasks of a later round: each candidate of the seeds without an accepted attempt.

    Args:
        seeds: The source's seeds.
        attempts: The attempts of the previous round, in the order of the seeds.
    """
    remaining = iter(seeds)
    for seed_id, group in groupby(attempts, lambda attempt: attempt.seed_id):
        seed_attempts = list(group)
        if any(attempt.verdict == ACCEPTED for attempt in seed_attempts):
            continue
        seed = next(seed for seed in remaining if seed.seed_id == seed_id)
        for attempt in seed_attempts:
            yield seed, attempt.candidate, attempt


def write_drafts(
    tasks: Iterable[Task],
    round_: int,
    model: GeneratingModel,
    section: Drafting,
    progress: Progress | None = None,
) -> Iterator[Draft]:
    """Yields a draft for each task, in order.

    Args:
        tasks: The programs to generate.
        round_: The round, from 0.
        model: The converter.
        section: The sampling settings of the converter.
        progress: Advances with each completion.
    """

    def requests() -> Iterator[tuple[Task, Request]]:
        for task in tasks:
            seed, candidate, earlier = task
            prompt = model.frame(convert_prompt(seed, earlier))
            name = f"{seed.seed_id}-{candidate}"
            yield task, request(name, prompt, _seed(section, task, round_), section.sampling)

    for task, completion in complete_in_order(model.engine, requests(), progress):
        seed, candidate, _ = task
        yield Draft(
            seed_id=seed.seed_id,
            round=round_,
            candidate=candidate,
            reply=completion.text,
            prompt=CONVERT.digest,
            model=model.digest,
            seed=_seed(section, task, round_),
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
            token_ids=model.kept_ids(completion.text, completion),
        )


def _seed(section: Drafting, task: Task, round_: int) -> int:
    """Returns the seed of a request, which depends on the seed, the round and the candidate."""
    seed, candidate, _ = task
    return request_seed(section.sampling.seed, "convert", seed.seed_id, round_, candidate)
