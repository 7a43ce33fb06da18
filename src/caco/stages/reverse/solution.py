"""Solutions: worked answers to the questions, generated without access to the programs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from caco.config.generation import Prompting, WriteSolutions
from caco.engines.protocol import Completion, GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.solution import Solution, solution_id
from caco.runtime.progress import Progress
from caco.stages.reverse.detailed_solution import DETAILED_SOLUTION, detailed_solution
from caco.stages.reverse.few_shot import ZERO_SHOT, Example, FewShot, few_shot_of
from caco.stages.reverse.solution_prompt import SOLUTION, solution_prompt, solution_reply
from caco.text.thoughts import without_thoughts


@dataclass(frozen=True, slots=True)
class _Variant:
    """One requested solution.

    Attributes:
        row: The question.
        number: Number of the solution among the question's solutions, from 0.
        name: Its request id. That of the first solution is the question id, so that more variants
            do not change the first.
    """

    row: Question
    number: int
    name: str


def write_solutions(
    rows: Iterable[Question],
    model: GeneratingModel,
    section: WriteSolutions,
    progress: Progress | None = None,
    few_shot: FewShot = ZERO_SHOT,
) -> Iterator[Solution | Rejected]:
    """Yields a solution or a rejection for each variant of each question, in order.

    The solver's thoughts are no part of a solution. Verdicts: `truncated` (no end token within the
    limit), `only_thoughts`. The judge extracts the final answer, so that a change of the extraction
    does not re-run the generation.

    Args:
        rows: Questions.
        model: The solver.
        section: The sampling settings of the solver, and the number of variants.
        progress: Advances with each completion.
        few_shot: The examples before each prompt.
    """
    detailed = section.prompt == "detailed"

    def requests() -> Iterator[tuple[_Variant, Request]]:
        for row in rows:
            prompt = (detailed_solution if detailed else solution_prompt)(row.question)
            for number in range(section.variants):
                name = solution_id(row.question_id, number)
                seed = request_seed(section.sampling.seed, "solution", name)
                if detailed:
                    framed = model.converse(few_shot.turns(prompt, name, row.program_id))
                else:
                    framed = model.frame(few_shot.before(prompt, name, row.program_id))
                yield _Variant(row, number, name), request(name, framed, seed, section.sampling)

    template = (
        few_shot.digest_of_turns(DETAILED_SOLUTION) if detailed else few_shot.digest_of(SOLUTION)
    )
    for variant, completion in complete_in_order(model.engine, requests(), progress, model.keep):
        yield _outcome(variant, completion, template, model.digest)


def solution_example(row: CodeCoT, seed: Seed, prompting: Prompting = "short") -> Example | None:
    """Returns the example of a Code CoT and its seed; None without a worked solution."""
    if seed.solution is None:
        return None
    problem = seed.problem.strip()
    prompt = (detailed_solution if prompting == "detailed" else solution_prompt)(problem)
    return Example(row.program_id, prompt, solution_reply(seed.solution, seed.answer))


def solution_few_shot(
    section: WriteSolutions, code_cots: Iterable[CodeCoT], seeds: Iterable[Seed]
) -> FewShot:
    """Returns the examples of the prompts, as the section asks for them.

    Raises:
        UserError: There are too few Code CoTs with a worked solution.
    """
    return few_shot_of(
        section,
        "reverse.solution.examples",
        code_cots,
        seeds,
        partial(solution_example, prompting=section.prompt),
    )


def _outcome(
    variant: _Variant, completion: Completion, template: str, model: str
) -> Solution | Rejected:
    reply, row = completion.text.strip(), variant.row
    if completion.finish_reason != "stop":
        why = f"no end token after {completion.tokens} tokens: {reply[-80:]!r}"
        return reject(variant.name, "truncated", why, row)
    text = without_thoughts(reply)
    if reply and not text:
        why = f"nothing follows the solver's thoughts: {reply[-80:]!r}"
        return reject(variant.name, "only_thoughts", why, row)
    return Solution(
        **asdict(row),
        solution=text,
        solution_prompt=template,
        solution_model=model,
        solution_variant=variant.number,
    )
