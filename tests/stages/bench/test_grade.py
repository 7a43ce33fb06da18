"""Graded answers: the statements of a reply are counted beside its verdict."""

from caco.grading.grader import Grader
from caco.grading.second import second_grader
from caco.rows.answered import Answered
from caco.stages.bench.grade import grade_answers


def test_the_statements_of_a_reply_are_counted():
    replies = [
        "3 + 4 = 7. The answer is \\boxed{7}.",
        "3 + 4 = 8 and 8 - 1 = 7. The answer is \\boxed{7}.",
        "The answer is \\boxed{8}.",
    ]
    rows = [
        Answered("easy", "base", str(n), "What is 3 + 4?", "7", 0, reply, 9, "stop")
        for n, reply in enumerate(replies)
    ]
    with Grader(30) as grader, second_grader(30) as second:
        graded = list(grade_answers(rows, grader, second))
    assert [row.verdict for row in graded] == ["correct", "correct", "wrong"]
    assert [(r.checked_statements, r.false_statements) for r in graded] == [(1, 0), (2, 1), (0, 0)]
