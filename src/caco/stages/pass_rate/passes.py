"""Grading of a model's answers to the questions of the corpus."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from caco.grading.grader import Grader
from caco.rows.answered import Answered
from caco.rows.graded import CORRECT
from caco.rows.passes import Passes
from caco.runtime.progress import Progress


def count_passes(
    rows: Iterable[Answered], grader: Grader, progress: Progress | None = None
) -> Iterator[Passes]:
    """Yields, for each question in order, how many of its answers are right.

    An answer is right where the reward function of RLVR (`caco.grading.reward`) is 1.

    Args:
        rows: The answers; those to one question follow each other.
        grader: Reads and compares answers.
        progress: Advances with each answer.

    Raises:
        ClusterError: The grader's worker process does not start.
    """
    for (question_id, model), answers in groupby(rows, lambda row: (row.problem_id, row.model)):
        count = passes = 0
        for row in answers:
            grade = grader.grade(row.answer, row.completion, "solution", row.problem)
            count += 1
            passes += grade.verdict == CORRECT
            if progress is not None:
                progress.add()
        yield Passes(question_id, model, count, passes)
