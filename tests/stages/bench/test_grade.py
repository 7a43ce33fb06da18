"""Graded answers: the statements of a reply are counted beside its verdict."""

from caco.grading.grader import Grader
from caco.grading.second import second_grader
from caco.rows.answered import Answered
from caco.stages.bench.grade import grade_answers


def grades(rows):
    with Grader(30) as grader, second_grader(30) as second:
        return list(grade_answers(rows, grader, second))


def test_a_reply_that_was_cut_off_needs_a_stated_answer():
    cases = [
        ("We add 3 and 4 and get 7", "stop", "correct"),
        ("We add 3 and 4 and get 7", "length", "no_answer"),
        ("We add 3 and 4 and get 7", "time", "no_answer"),
        ("The answer is 7. Let me check", "length", "correct"),
    ]
    rows = [
        Answered("easy", "base", str(n), "What is 3 + 4?", "7", 0, reply, 9, finish)
        for n, (reply, finish, _) in enumerate(cases)
    ]
    assert [row.verdict for row in grades(rows)] == [verdict for _, _, verdict in cases]


def test_the_question_and_the_absolute_error_of_a_problem_reach_the_grader():
    question, reply = "Simplify: $-10-4(n-5)$", r"It is \boxed{-10-4(n-5)}."
    rows = [
        Answered("easy", "base", "p1", question, "10-4 n", 0, reply, 9, "stop"),
        Answered("easy", "base", "p2", "Find r.", "4.2", 0, r"\boxed{4.3}", 9, "stop", "1e-1"),
        Answered("easy", "base", "p3", "Find r.", "4.2", 0, r"\boxed{4.3}", 9, "stop"),
    ]
    copied, near, wrong = grades(rows)
    assert (copied.verdict, copied.stated) == ("copied", "-10-4(n-5)")
    assert (near.verdict, near.second_verdict, near.absolute_error) == ("correct",) * 2 + ("1e-1",)
    assert (wrong.verdict, wrong.second_verdict) == ("wrong", "wrong")


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
    graded = grades(rows)
    assert [row.verdict for row in graded] == ["correct", "correct", "wrong"]
    assert [(r.checked_statements, r.false_statements) for r in graded] == [(1, 0), (2, 1), (0, 0)]
