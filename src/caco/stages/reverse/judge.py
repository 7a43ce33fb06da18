"""The dual verification: compares a question and its solution with the executed program.

It has two checks, both exact and without a model:

1. the solution's final answer equals the program's output (`no_final_answer`, `wrong_answer`,
   `grader_timeout`);
2. the question does not reveal the result (`leaks_answer`) and is grounded in the program's
   input (`ungrounded`; see `caco.stages.reverse.grounding`).

The paper's second check, a model that judges the solution's logic and whether the problem can be
solved, is `caco.stages.reverse.llm_judge`. It follows these checks and replaces neither.
"""

from collections.abc import Iterable, Iterator

from caco.config.generation import Judge
from caco.grading.extraction import final_answer
from caco.grading.grader import Grader
from caco.grading.scale import in_full
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.stages.reverse.grounding import leak, ungrounded
from caco.text.answers import answer_text


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
        yield reject(row.question_id, verdict, reason, row) if verdict else row
        if progress is not None:
            progress.add()


def _verdict(row: Solution, grader: Grader, section: Judge) -> tuple[str, str]:
    """Returns the verdict and its reason, or two empty strings for an accepted row."""
    known, answer = answer_text(row.output), final_answer(row.solution)
    if not answer:
        return "no_final_answer", f"the solution states no final answer: {row.solution[-200:]!r}"
    grade = grader.equal(known, in_full(answer, row.question))
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
