"""Solutions: worked answers to the questions, generated without access to the programs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from caco.config.generation import Write
from caco.engines.protocol import Completion, GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.stages.reverse.solution_prompt import SOLUTION, solution_prompt
from caco.text.thoughts import without_thoughts


def write_solutions(
    rows: Iterable[Question],
    model: GeneratingModel,
    section: Write,
    progress: Progress | None = None,
) -> Iterator[Solution | Rejected]:
    """Yields a solution or a rejection for each question, in order.

    The solver's thoughts are no part of a solution. Verdicts: `truncated` (no end token within the
    limit), `only_thoughts`. The judge extracts the final answer, so that a change of the extraction
    does not re-run the generation.

    Args:
        rows: Questions.
        model: The solver.
        section: The sampling settings of the solver.
        progress: Advances with each completion.
    """

    def requests() -> Iterator[tuple[Question, Request]]:
        for row in rows:
            seed = request_seed(section.sampling.seed, "solution", row.question_id)
            prompt = model.frame(solution_prompt(row.question))
            yield row, request(row.question_id, prompt, seed, section.sampling)

    for row, completion in complete_in_order(model.engine, requests(), progress):
        yield _outcome(row, completion, model.digest)


def _outcome(row: Question, completion: Completion, model: str) -> Solution | Rejected:
    reply = completion.text.strip()
    if completion.finish_reason != "stop":
        why = f"no end token after {completion.tokens} tokens: {reply[-80:]!r}"
        return reject(row.question_id, "truncated", why, row)
    text = without_thoughts(reply)
    if reply and not text:
        why = f"nothing follows the solver's thoughts: {reply[-80:]!r}"
        return reject(row.question_id, "only_thoughts", why, row)
    return Solution(
        **asdict(row),
        solution=text,
        solution_prompt=SOLUTION.digest,
        solution_model=model,
    )
