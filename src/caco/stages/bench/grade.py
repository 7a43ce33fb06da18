"""Grading of a benchmark's answers."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from caco.grading.extraction import final_answer
from caco.grading.grader import Grade, Grader
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
        grade = grade_text(grader, row.answer, row.completion)
        yield Graded(**asdict(row), verdict=grade.verdict)
        if progress is not None:
            progress.add()


def grade_text(grader: Grader, gold: str, text: str) -> Grade:
    """Grades a solution: its stated final answer, or else the one that math-verify extracts."""
    stated = final_answer(text)
    if stated:
        return grader.equal(gold, stated)
    return grader.find(gold, text)
