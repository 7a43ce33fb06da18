"""Planting: known-right rows, and wrong rows of every kind derived from them.

A known-right row is a seed with its accepted program and its worked solution.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from random import Random

from caco.answers.compare import compare_program
from caco.config.checks import Calibration
from caco.config.checks import SandboxLimits as Limits
from caco.config.section import Section
from caco.identity import digest, request_seed
from caco.rows.calibration import Planted
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.calibrate.false_steps import false_steps
from caco.stages.calibrate.kinds import RIGHT
from caco.stages.calibrate.mutated_questions import changes, moved
from caco.stages.calibrate.planted_answers import Rotation, statements
from caco.stages.calibrate.stated import Stated
from caco.text.answers import answer_text, closing
from caco.text.calculator_marks import without_marks

_NO_MODEL = "seed"  # in place of a model's digest: no model generated any part of the row


def known_right(
    code_cots: Iterable[CodeCoT], seeds: Callable[[], Iterable[Seed]], section: Calibration
) -> list[Planted]:
    """Returns a sample of known-right rows.

    The rows with the lowest digests are taken, so that the order of files has no effect.

    Args:
        code_cots: The Code CoTs of every source.
        seeds: Streams the seeds of every source; called twice, so that they are never all in
            memory.
        section: The number of rows, and the seed of the draw.
    """
    solved = {seed.seed_id for seed in seeds() if seed.solution}
    drawn = nsmallest(
        section.rows,
        (row for row in code_cots if row.seed_id in solved),
        key=lambda row: digest(str(section.seed), row.program_id),
    )
    drawn_ids = {row.seed_id for row in drawn}
    by_id = {seed.seed_id: seed for seed in seeds() if seed.seed_id in drawn_ids}
    return [_known_right_row(row, by_id[row.seed_id]) for row in drawn]


def _known_right_row(row: CodeCoT, seed: Seed) -> Planted:
    question_id = digest("calibrate", row.program_id)
    return Planted(
        question_id=question_id,
        sample_id=row.seed_id,
        program_id=row.program_id,
        shard="calibration",
        program=row.program,
        codegen=_NO_MODEL,
        input=row.input,
        output=row.output,
        question=seed.problem,
        question_prompt=_NO_MODEL,
        question_model=_NO_MODEL,
        solution=f"{without_marks(seed.solution or '').strip()}\n{closing(seed.answer)}",
        answer=seed.answer,
        solution_prompt=_NO_MODEL,
        solution_model=_NO_MODEL,
        kind=RIGHT,
        right_id=question_id,
    )


class PlantSpec(Section):
    """The settings that the rule `plant` depends on."""

    calibration: Calibration
    sandbox: Limits


def plant(right: Sequence[Planted], section: Calibration, sandbox: Sandbox) -> Iterator[Planted]:
    """Yields the known-right rows, then the rows derived from them, at most one of each kind.

    Args:
        right: Known-right rows.
        section: The seed of the planted faults.
        sandbox: Executes programs on changed inputs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    yield from right
    rotation = Rotation(section.seed)
    for row in right:
        found = statements(row, steps(row), section.seed)
        for kind, stated in rotation.chosen(row, found):
            yield planted(row, kind, stated)
        for kind, text in false_steps(steps(row), _rng(section, row, "steps")):
            yield _of_kind(replace(row, solution=text + closing(row.answer)), kind)
    yield from _with_swapped_programs(right)
    candidates = [(row, changes(row, _rng(section, row, "question"))) for row in right]
    for row, change, output in moved(candidates, sandbox):
        question = change.within(row.question)
        solved = replace(row, question=question, solution=change.within(row.solution))
        answer = answer_text(output)
        yield planted(solved, "mutated_question", Stated(answer, closing(answer)))
        yield _of_kind(replace(row, question=question), "altered_question")
        yield _of_kind(replace(row, question=change.without(row.question)), "missing_value")


def _with_swapped_programs(right: Sequence[Planted]) -> Iterator[Planted]:
    """Yields each row with the program of the next row whose output differs."""
    for index, row in enumerate(right):
        for other in (*right[index + 1 :], *right[:index]):
            if compare_program(other.output, row.output).outcome == "different":
                yield _of_kind(
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


def planted(row: Planted, kind: str, stated: Stated) -> Planted:
    """Returns a row of a kind: a known-right row with another final statement."""
    changed = replace(
        row,
        solution=f"{stated.before}{steps(row)}{stated.after}",
        answer=stated.answer,
        output=row.output if stated.output is None else stated.output,
    )
    return _of_kind(changed, kind)


def steps(row: Planted) -> str:
    """Returns the row's solution without the sentence that states the answer."""
    return row.solution[: row.solution.rindex("\n") + 1]


def _of_kind(row: Planted, kind: str) -> Planted:
    return replace(row, kind=kind, question_id=digest("plant", row.right_id, kind))


def _rng(section: Calibration, row: Planted, what: str) -> Random:
    return Random(request_seed("plant", section.seed, row.right_id, what))
