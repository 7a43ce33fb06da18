"""The dual verification: a question and its solution against the executed program.

Two checks, both exact and without a model:

1. the solution's final answer is the program's output (`wrong_answer`, `grader_timeout`);
2. the question does not give the result away (`leaks_answer`) and is grounded in the program's
   input (`ungrounded`; see `caco.reverse.grounded`).

The paper's second check is a model that reads whether the solution's logic is the program's and
whether the problem can be solved: `caco.reverse.agree`, which comes after these and loosens none.
"""

from collections.abc import Iterable, Iterator

from caco.answers import answer_text
from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.progress import Progress
from caco.reverse.grounded import leak, ungrounded
from caco.reverse.scale import in_full
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution


def judge_solutions(
    rows: Iterable[Solution], grader: Grader, section: Judge, progress: Progress | None = None
) -> Iterator[Solution | Rejected]:
    """Yields each row as it is, or its rejection with the first verdict that applies.

    Args:
        rows: Questions with solutions.
        grader: Compares answers.
        section: Which checks are made.
        progress: Told of each row.
    """
    for row in rows:
        verdict, reason = _verdict(row, grader, section)
        yield reject(row.question_id, verdict, reason, row) if verdict else row
        if progress is not None:
            progress.add()


def _verdict(row: Solution, grader: Grader, section: Judge) -> tuple[str, str]:
    """Returns the verdict with its reason, or two empty texts."""
    known = answer_text(row.output)
    grade = grader.equal(known, in_full(row.answer, row.question))
    if grade.verdict == "grader_timeout":
        return "grader_timeout", grade.reason
    if grade.verdict != "correct":
        return "wrong_answer", grade.reason
    if section.grounded:
        if why := leak(row.question, row.input, known):
            return "leaks_answer", why
        if why := ungrounded(row.question, row.input):
            return "ungrounded", why
    return "", ""
