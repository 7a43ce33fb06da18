"""Answers: one model's answer to each problem of a benchmark, not yet graded."""

from collections import Counter
from collections.abc import Iterable, Iterator

from caco.config.bench import Answering
from caco.engines.protocol import GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.answered import Answered
from caco.rows.seed import Seed
from caco.runtime.progress import Progress

# Stop string: after its answer, a base model tends to generate another task under Alpaca's
# headings, whose answer would be graded instead.
_STOP = ("### Instruction:",)


def answer_problems(
    problems: Iterable[Seed],
    model: GeneratingModel,
    section: Answering,
    names: tuple[str, str],
    progress: Progress | None = None,
) -> Iterator[Answered]:
    """Yields the answer to each problem, in order.

    Args:
        problems: The benchmark's problems.
        model: Base or student.
        section: The sampling settings and the prompt format, the same for every model.
        names: The model's name (`base` or `student`) and the benchmark's.
        progress: Advances with each completion.
    """

    def requests() -> Iterator[tuple[Seed, Request]]:
        asked: Counter[str] = Counter()  # CollegeMath states ten problems twice
        for row in problems:
            seed = request_seed(section.sampling.seed, "bench", row.seed_id)
            prompt = model.frame(row.problem)
            name = f"{row.seed_id}.{asked[row.seed_id]}"
            asked[row.seed_id] += 1
            yield row, request(name, prompt, seed, section.sampling, _STOP)

    for row, completion in complete_in_order(model.engine, requests(), progress):
        yield Answered(
            benchmark=names[1],
            model=names[0],
            problem_id=row.seed_id,
            problem=row.problem,
            answer=row.answer,
            completion=completion.text,
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
        )
