"""Answers: a model's greedy answer to each problem of a benchmark, graded."""

from collections.abc import Callable, Iterable, Iterator

from caco.answers import final_answer
from caco.config.bench import Answering
from caco.engines.in_order import complete
from caco.engines.protocol import Completion, Engine, Request, request
from caco.grading.grader import Grade, Grader
from caco.identity import request_seed
from caco.progress import Progress
from caco.rows.graded import Graded
from caco.rows.seed import Seed

# A base model that has answered goes on to invent the next task under Alpaca's headings; its
# answer to that would be graded instead of its answer to ours.
_NEXT_TASK = ("### Instruction:",)


def answer_problems(
    problems: Iterable[Seed],
    engine: Engine,
    frame: Callable[[str], str],
    grader: Grader,
    section: Answering,
    names: tuple[str, str],
    progress: Progress | None = None,
) -> Iterator[Graded]:
    """Yields the graded answer to each problem, in order.

    Args:
        problems: The benchmark's problems.
        engine: Runs the model.
        frame: Puts a problem into the model's prompt.
        grader: Compares answers.
        section: How the model samples; every model the same.
        names: The model's name (`base` or `student`) and the benchmark's.
        progress: Told of each finished completion.
    """
    model, benchmark = names

    def asked() -> Iterator[tuple[Seed, Request]]:
        for row in problems:
            seed = request_seed(section.sampling.seed, "bench", row.seed_id)
            yield (
                row,
                request(row.seed_id, frame(row.problem), seed, section.sampling, _NEXT_TASK),
            )

    for row, completion in complete(engine, asked(), progress):
        yield Graded(
            benchmark=benchmark,
            model=model,
            problem_id=row.seed_id,
            problem=row.problem,
            answer=row.answer,
            completion=completion.text,
            verdict=grade(grader, row.answer, completion).verdict,
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
        )


def grade(grader: Grader, answer: str, completion: Completion) -> Grade:
    """Grades a completion: its stated final answer, or else what math-verify finds in the text."""
    stated = final_answer(completion.text)
    if stated:
        return grader.equal(answer, stated)
    return grader.find(answer, completion.text)
