"""Measuring: planted rows before each check, on its own."""

from collections.abc import Iterable, Iterator, Sequence

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.calibration import ACCEPTED, Measured, Planted, PlantedJudgement
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.stages.reverse.judge import judge_solutions

Verdict = tuple[str, str]  # a verdict with its reason


def exact_verdicts(
    rows: Iterable[Planted], grader: Grader, section: Judge
) -> Iterator[tuple[Verdict, Verdict]]:
    """Yields what the answer check alone says of each row, and what all exact checks say.

    Both are the very function of the pipeline; the checks beside the answer's are switched off for
    the first.
    """
    alone = section.model_copy(update={"grounded": False})
    for row in rows:
        (answer,) = verdicts(judge_solutions([row], grader, alone))
        # What the answer check rejects, the others do not come to see.
        (exact,) = (
            verdicts(judge_solutions([row], grader, section)) if _passed(answer) else (answer,)
        )
        yield answer, exact


def verdicts(outcomes: Iterable[Solution | Rejected]) -> Iterator[Verdict]:
    """Yields the verdict and the reason of each outcome of a check."""
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            yield outcome.verdict, outcome.reason
        else:
            yield ACCEPTED, ""


def measured(
    rows: Sequence[Planted],
    exact: Sequence[tuple[Verdict, Verdict]],
    judgements: Sequence[PlantedJudgement] | None,
) -> Iterator[Measured]:
    """Yields each planted row with what the checks said.

    Args:
        rows: The planted rows.
        exact: What `exact_verdicts` yielded for them.
        judgements: What the judging model said of each, or None where there is none.
    """
    for at, (row, (answer, checks)) in enumerate(zip(rows, exact, strict=True)):
        judgement = judgements[at] if judgements is not None else None
        yield Measured(
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


def _passed(verdict: Verdict) -> bool:
    return verdict[0] == ACCEPTED
