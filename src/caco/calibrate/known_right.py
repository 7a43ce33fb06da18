"""Known-right rows: seeds with their accepted programs and their own worked solutions."""

from collections.abc import Callable, Iterable
from heapq import nsmallest

from caco.answers import closing
from caco.calibrate.kinds import RIGHT
from caco.config.calibration import Calibration
from caco.identity import digest
from caco.rows.code_cot import CodeCoT
from caco.rows.planted import Planted
from caco.rows.seed import Seed
from caco.seeds.marks import without_marks

_NO_MODEL = "seed"  # in place of a digest: no model wrote any part of the row


def known_right(
    code_cots: Iterable[CodeCoT], seeds: Callable[[], Iterable[Seed]], section: Calibration
) -> list[Planted]:
    """Returns the known-right rows: the lowest digests, so that the order of files decides nothing.

    Args:
        code_cots: Those of every source.
        seeds: Reads the seeds of every source; called twice, so that memory never holds them all.
        section: How many, and the seed.
    """
    worked = {seed.seed_id for seed in seeds() if seed.solution}
    drawn = nsmallest(
        section.rows,
        (row for row in code_cots if row.seed_id in worked),
        key=lambda row: digest(str(section.seed), row.program_id),
    )
    wanted = {row.seed_id for row in drawn}
    by_id = {seed.seed_id: seed for seed in seeds() if seed.seed_id in wanted}
    return [_right(row, by_id[row.seed_id]) for row in drawn]


def _right(row: CodeCoT, seed: Seed) -> Planted:
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
