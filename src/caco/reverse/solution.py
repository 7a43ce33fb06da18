"""Solutions: worked answers to the questions, written without sight of the programs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from caco.answers import final_answer
from caco.config.generation import Write
from caco.engines.in_order import complete
from caco.engines.protocol import Completion, Engine, Request, request
from caco.identity import request_seed
from caco.progress import Progress
from caco.reverse.prompts import SOLUTION, solution_prompt
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution


def write_solutions(
    rows: Iterable[Question],
    engine: Engine,
    frame: Callable[[str], str],
    section: Write,
    model: str,
    progress: Progress | None = None,
) -> Iterator[Solution | Rejected]:
    """Yields a solution or a rejection for each question, in order.

    Verdicts: `truncated` (no end token within the limit), `no_final_answer` (the text states
    none). Arguments as in `caco.reverse.question.write_questions`.
    """

    def asked() -> Iterator[tuple[Question, Request]]:
        for row in rows:
            seed = request_seed(section.sampling.seed, "solution", row.question_id)
            prompt = frame(solution_prompt(row.question))
            yield row, request(row.question_id, prompt, seed, section.sampling)

    for row, completion in complete(engine, asked(), progress):
        yield _outcome(row, completion, model)


def _outcome(row: Question, completion: Completion, model: str) -> Solution | Rejected:
    text = completion.text.strip()
    if completion.finish_reason != "stop":
        why = f"no end after {completion.tokens} tokens: {text[-80:]!r}"
        return reject(row.question_id, "truncated", why, row)
    answer = final_answer(text)
    if not answer:
        why = f"states no final answer: {text[-200:]!r}"
        return reject(row.question_id, "no_final_answer", why, row)
    return Solution(
        **asdict(row),
        solution=text,
        answer=answer,
        solution_prompt=SOLUTION.digest,
        solution_model=model,
    )
