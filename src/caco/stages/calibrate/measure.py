"""Measurement: the verdict of each check alone on each planted row."""

from collections.abc import Iterable, Iterator, Sequence

from caco.config.generation import Check, Judge
from caco.grading.grader import Grader
from caco.rows.calibration import Planted, PlantedJudgement, PlantedVerdicts
from caco.rows.rejected import ACCEPTED, verdict_of
from caco.stages.calibrate.kinds import KINDS, SHAPED
from caco.stages.check import check_solutions
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


def statement_verdicts(rows: Iterable[Planted]) -> Iterator[Verdict]:
    """Yields the verdict of the statement check alone on each row."""
    return map(verdict_of, check_solutions(rows, Check(false_statements=True)))


def planted_verdicts(
    rows: Sequence[Planted],
    exact: Sequence[tuple[Verdict, Verdict]],
    statements: Sequence[Verdict],
    judgements: Sequence[PlantedJudgement] | None,
) -> Iterator[PlantedVerdicts]:
    """Yields each planted row with the verdicts of the checks.

    Args:
        rows: The planted rows.
        exact: The verdicts that `exact_verdicts` yielded for them.
        statements: The verdicts that `statement_verdicts` yielded for them.
        judgements: The verdicts of the LLM judge on them; None where there is no LLM judge.
    """
    checked = zip(rows, exact, statements, strict=True)
    for index, (row, (answer, checks), statement) in enumerate(checked):
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
            statement_check=statement[0],
            judge=judgement.verdict if judgement else None,
            reason=checks[1] or statement[1] or (judgement.reason if judgement else ""),
        )
