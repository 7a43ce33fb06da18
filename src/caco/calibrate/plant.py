"""Planting: wrong rows of every kind, each made from a known-right one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from caco.answers import answer_text, closing
from caco.calibrate.answers import respelled, wrong_answers
from caco.calibrate.changed_question import changes, moved
from caco.config.calibration import Calibration
from caco.config.sandbox import Sandbox as Limits
from caco.config.section import Section
from caco.identity import digest, request_seed
from caco.rows.planted import Planted
from caco.sandbox.protocol import Sandbox
from caco.unify.agreement import agrees


class PlantSpec(Section):
    """What the rule depends on."""

    calibration: Calibration
    sandbox: Limits


def plant(right: Sequence[Planted], section: Calibration, sandbox: Sandbox) -> Iterator[Planted]:
    """Yields the known-right rows and those made from them, one of a kind where it applies.

    Args:
        right: Known-right rows.
        section: The seed.
        sandbox: Executes programs on changed inputs.
    """
    yield from right
    for turn, row in enumerate(right):
        spelling = respelled(row.answer, turn)
        if spelling is not None:
            yield _answered(row, "respelled", spelling)
        rng = _rng(section, row, "answer")
        for kind, answer in wrong_answers(row.question, _worked(row), row.answer, rng):
            yield _answered(row, kind, answer)
    yield from _swapped(right)
    tried = [(row, changes(row, _rng(section, row, "question"))) for row in right]
    for row, change, output in moved(tried, sandbox):
        question = change.within(row.question)
        solved = replace(row, question=question, solution=change.within(row.solution))
        yield _answered(solved, "mutated_question", answer_text(output))
        yield _made(replace(row, question=question), "altered_question")
        yield _made(replace(row, question=change.without(row.question)), "missing_value")


def _swapped(right: Sequence[Planted]) -> Iterator[Planted]:
    """Yields each row with the program of the next one that gives another result."""
    for at, row in enumerate(right):
        for other in (*right[at + 1 :], *right[:at]):
            if not agrees(other.output, answer_text(row.output)):
                yield _made(
                    replace(
                        row,
                        program=other.program,
                        program_id=other.program_id,
                        input=other.input,
                        output=other.output,
                    ),
                    "swapped_program",
                )
                break


def _answered(row: Planted, kind: str, answer: str) -> Planted:
    """Returns the row with another final answer."""
    solution = f"{_worked(row)}{closing(answer)}"
    return _made(replace(row, solution=solution, answer=answer), kind)


def _worked(row: Planted) -> str:
    """Returns the row's solution up to the sentence that states the answer."""
    return row.solution[: row.solution.rindex("\n") + 1]


def _made(row: Planted, kind: str) -> Planted:
    return replace(row, kind=kind, question_id=digest("plant", row.right_id, kind))


def _rng(section: Calibration, row: Planted, what: str) -> Random:
    return Random(request_seed("plant", section.seed, row.right_id, what))
