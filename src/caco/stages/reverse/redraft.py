"""Redrafts: a model writes programs from a question alone, without access to its program."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from caco.config.generation import Redrafting
from caco.engines.protocol import GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.seed import Seed
from caco.runtime.progress import Progress
from caco.stages.reverse.few_shot import ZERO_SHOT, Example, FewShot, few_shot_of
from caco.text.prompts import Prompt

REDRAFT = Prompt(Path(__file__).parent / "redraft.j2")


@dataclass(frozen=True, slots=True)
class _Task:
    """One requested program.

    Attributes:
        row: The question.
        number: Number of the program among those of its question, from 0.
        seed: Seed of the request.
    """

    row: Question
    number: int
    seed: int


def write_redrafts(
    rows: Iterable[Question],
    model: GeneratingModel,
    section: Redrafting,
    progress: Progress | None = None,
    few_shot: FewShot = ZERO_SHOT,
) -> Iterator[Redraft]:
    """Yields `section.programs` redrafts for each question, in order.

    Args:
        rows: Questions.
        model: The model that writes the programs.
        section: The sampling settings, and the number of programs.
        progress: Advances with each completion.
        few_shot: The examples before each prompt.
    """

    def requests() -> Iterator[tuple[_Task, Request]]:
        for row in rows:
            prompt = REDRAFT.render(question=row.question)
            for number in range(section.programs):
                name = f"{row.question_id}-{number}"
                seed = request_seed(section.sampling.seed, "redraft", name)
                framed = model.converse(few_shot.turns(prompt, name, row.program_id))
                yield _Task(row, number, seed), request(name, framed, seed, section.sampling)

    template = few_shot.digest_of_turns(REDRAFT)
    for task, completion in complete_in_order(model.engine, requests(), progress):
        yield Redraft(
            question_id=task.row.question_id,
            number=task.number,
            reply=completion.text,
            prompt=template,
            model=model.digest,
            seed=task.seed,
            tokens=completion.tokens,
            finish_reason=completion.finish_reason,
            token_ids=model.kept_ids(completion.text, completion),
        )


def redraft_few_shot(
    section: Redrafting, code_cots: Iterable[CodeCoT], seeds: Iterable[Seed]
) -> FewShot:
    """Returns the examples of the prompts: problems of seeds, with the programs of their Code CoTs.

    Raises:
        UserError: There are too few Code CoTs.
    """

    def example(row: CodeCoT, seed: Seed) -> Example:
        prompt = REDRAFT.render(question=seed.problem.strip())
        return Example(row.program_id, prompt, f"```python\n{row.program.strip()}\n```")

    return few_shot_of(section, "reverse.round_trip.examples", code_cots, seeds, example)
