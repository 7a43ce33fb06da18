"""Grading of a benchmark's answers."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from caco.grading.grader import Grader
from caco.rows.answered import Answered
from caco.rows.graded import Graded
from caco.runtime.progress import Progress
from caco.statements.read import statements


def grade_answers(
    rows: Iterable[Answered],
    grader: Grader,
    second: Grader,
    tolerance: float = 0.0,
    progress: Progress | None = None,
) -> Iterator[Graded]:
    """Yields each answer with its grade and its counts of statements, in order.

    Args:
        rows: The answers.
        grader: Reads and compares answers.
        second: The independent grader; its verdict is recorded and decides nothing.
        tolerance: Relative tolerance for known answers that are decimals.
        progress: Advances with each row.

    Raises:
        ClusterError: A grader's worker process does not start.
    """
    for row in rows:
        grade = grader.grade(
            row.answer, row.completion, "solution", row.problem, tolerance,
            complete=row.finish_reason == "stop", absolute_error=row.absolute_error,
        )  # fmt: skip
        other = second.grade(
            row.answer, row.completion, "solution",
            tolerance=tolerance, absolute_error=row.absolute_error,
        )  # fmt: skip
        checked = [s.holds for s in statements(row.completion) if s.holds is not None]
        answered = asdict(row)
        del answered["token_ids"]  # of the generation, which grading does not repeat
        yield Graded(
            **answered,
            stated=grade.answer,
            verdict=grade.verdict,
            reason=grade.reason,
            second_verdict=other.verdict,
            checked_statements=len(checked),
            false_statements=checked.count(False),
        )
        if progress is not None:
            progress.add()
