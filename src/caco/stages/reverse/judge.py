"""The dual verification: compares a question and its solution with the executed program.

It has two checks, both exact and without a model:

1. the solution's final answer is proven to equal the program's output (`no_final_answer`,
   `wrong_answer`, `undecided_answer`, `grader_timeout`);
2. the question does not reveal the result (`leaks_answer`) and is grounded in the program's
   input (`ungrounded`; see `caco.stages.reverse.grounding`).

The paper's second check, a model that judges the solution's logic and whether the problem can be
solved, is `caco.stages.reverse.llm_judge`. It follows these checks and replaces neither.
"""

from collections.abc import Iterable, Iterator

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.stages.reverse.grounding import ungrounded
from caco.stages.reverse.leak import leak
from caco.text.answers import answer_text

_VERDICTS = {
    "wrong": "wrong_answer",
    "undecided": "undecided_answer",
    "no_answer": "no_final_answer",
    "copied": "no_final_answer",
    "grader_timeout": "grader_timeout",
}


def judge_solutions(
    rows: Iterable[Solution], grader: Grader, section: Judge, progress: Progress | None = None
) -> Iterator[Solution | Rejected]:
    """Yields each row unchanged, or its rejection with the first verdict that applies.

    Args:
        rows: Questions with solutions.
        grader: Compares answers.
        section: Which checks are on.
        progress: Advances with each row.

    Raises:
        ClusterError: The grader's worker process does not start.
    """
    for row in rows:
        verdict, reason = _verdict(row, grader, section)
        yield reject(row.row_id, verdict, reason, row) if verdict else row
        if progress is not None:
            progress.add()


def _verdict(row: Solution, grader: Grader, section: Judge) -> tuple[str, str]:
    """Returns the verdict and its reason, or two empty strings for an accepted row."""
    grade = grader.grade_output(row.output, row.solution, row.question)
    if grade.verdict != "correct":
        return _VERDICTS[grade.verdict], grade.reason
    if section.grounded:
        if why := leak(row.question, row.input, answer_text(row.output)):
            return "leaks_answer", why
        if why := ungrounded(row.question, row.input, row.program):
            return "ungrounded", why
    return "", ""
