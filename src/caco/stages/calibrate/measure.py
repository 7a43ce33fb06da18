"""Measurement: the verdict of each check alone on each planted row."""

from collections.abc import Iterable, Iterator, Sequence

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.calibration import Planted, PlantedJudgement, PlantedVerdicts
from caco.rows.rejected import ACCEPTED, verdict_of
from caco.stages.calibrate.kinds import KINDS, SHAPED
from caco.stages.reverse.judge import judge_solutions

Verdict = tuple[str, str]  # a verdict with its reason


def exact_verdicts(
    rows: Iterable[Planted], grader: Grader, section: Judge
) -> Iterator[tuple[Verdict, Verdict]]:
    """Yields, for each row, the verdict of the answer check alone and that of all exact checks.

    Both come from the function that the pipeline uses; the first is called with the other checks
    switched off. A row whose output was replaced gets the first verdict twice, because only the
    answer check is measured on it (`caco.stages.calibrate.rates.CHECKS`).

    Raises:
        ClusterError: The grader's worker process does not start.
    """
    answer_only = section.model_copy(update={"grounded": False})
    for row in rows:
        (answer,) = map(verdict_of, judge_solutions([row], grader, answer_only))
        # A row that the answer check rejects does not reach the other checks.
        (exact,) = (
            map(verdict_of, judge_solutions([row], grader, section))
            if answer[0] == ACCEPTED and KINDS[row.kind] not in SHAPED
            else (answer,)
        )
        yield answer, exact


def planted_verdicts(
    rows: Sequence[Planted],
    exact: Sequence[tuple[Verdict, Verdict]],
    judgements: Sequence[PlantedJudgement] | None,
) -> Iterator[PlantedVerdicts]:
    """Yields each planted row with the verdicts of the checks.

    Args:
        rows: The planted rows.
        exact: The verdicts that `exact_verdicts` yielded for them.
        judgements: The verdicts of the LLM judge on them; None where there is no LLM judge.
    """
    for index, (row, (answer, checks)) in enumerate(zip(rows, exact, strict=True)):
        judgement = judgements[index] if judgements is not None else None
        yield PlantedVerdicts(
            question_id=row.question_id,
            right_id=row.right_id,
            kind=row.kind,
            question=row.question,
            output=row.output,
            answer=row.answer,
            answer_check=answer[0],
            exact_checks=checks[0],
            judge=judgement.verdict if judgement else None,
            reason=checks[1] or (judgement.reason if judgement else ""),
        )
