"""Grading of a benchmark's answers."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from caco.grading.grader import Grader
from caco.rows.answered import Answered
from caco.rows.graded import Graded
from caco.runtime.progress import Progress


def grade_answers(
    rows: Iterable[Answered], grader: Grader, progress: Progress | None = None
) -> Iterator[Graded]:
    """Yields each answer with its grade, in order.

    Args:
        rows: The answers.
        grader: Compares answers.
        progress: Advances with each row.

    Raises:
        ClusterError: The grader's worker process does not start.
    """
    for row in rows:
        grade = grader.grade_solution(row.answer, row.completion)
        yield Graded(**asdict(row), verdict=grade.verdict)
        if progress is not None:
            progress.add()
