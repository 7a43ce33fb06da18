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
    """Yields the answers to each problem, in order.

    Args:
        problems: The benchmark's problems.
        model: Base, student, or the student of an ablation.
        section: The number of answers to a problem, the sampling settings and the prompt format,
            the same for every model.
        names: The model's name (`base`, `student` or that of an ablation) and the benchmark's.
        progress: Advances with each completion.
    """

    def requests() -> Iterator[tuple[tuple[Seed, int], Request]]:
        asked: Counter[str] = Counter()  # CollegeMath states ten problems twice
        for row in problems:
            prompt = model.frame(row.problem)
            for sample in range(section.samples):
                seed = request_seed(section.sampling.seed, "bench", row.seed_id, sample)
                name = f"{row.seed_id}.{asked[row.seed_id]}.{sample}"
                yield (row, sample), request(name, prompt, seed, section.sampling, _STOP)
            asked[row.seed_id] += 1

    for (row, sample), completion in complete_in_order(model.engine, requests(), progress):
        yield Answered(
            benchmark=names[1],
            model=names[0],
            problem_id=row.seed_id,
            problem=row.problem,
            answer=row.answer,
            sample=sample,
            completion=completion.text,
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
            absolute_error=row.absolute_error,
            token_ids=model.kept_ids(completion.text, completion),
        )
