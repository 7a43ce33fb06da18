"""The dual verification."""

import pytest
from tests.stages.reverse.reverse_rows import solution

from caco.config.generation import Judge
from caco.grading.grader import Grade, Grader
from caco.rows.rejected import Rejected
from caco.stages.reverse.judge import judge_solutions


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=20) as g:
        yield g


def _judged(grader, *rows, **settings):
    return list(judge_solutions(rows, grader, Judge(**settings)))


def test_a_row_that_passes_both_checks_is_unchanged(grader):
    assert _judged(grader, solution()) == [solution()]


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"answer": "13"}, "wrong_answer"),
        ({"answer": "1200"}, "wrong_answer"),
        ({"question": "What is 3 times 5?"}, "ungrounded"),
        ({"question": "What is 3 times 4 times 2.5?"}, "ungrounded"),
        ({"question": "3 times 4 is 12. What is 3 times 4?"}, "leaks_answer"),
        # Two faults: the first check in the order decides.
        ({"question": "What is 3 times 5?", "answer": "15"}, "wrong_answer"),
        ({"question": "Is 3 times 99 equal to 12?"}, "leaks_answer"),
    ],
)
def test_each_fault_has_its_own_verdict(grader, changed, verdict):
    (row,) = _judged(grader, solution(**changed))
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q1", verdict)
    assert row.reason


@pytest.mark.parametrize("text", ["I cannot say.", "", r"So \boxed{"])
def test_a_solution_without_an_answer_is_rejected(grader, text):
    (row,) = _judged(grader, solution(solution=text))
    assert isinstance(row, Rejected)
    assert row.verdict == "no_final_answer"


def test_a_solution_that_repeats_the_question_is_rejected(grader):
    (row,) = _judged(grader, solution(question="What is 3 * 4?", answer="3 * 4"))
    assert (row.verdict, row.reason) == (
        "no_final_answer", "'3 * 4' is copied from the question",
    )  # fmt: skip


def test_text_outputs_are_compared_as_text(grader):
    row = solution(
        question="Reverse the word 'stop'.", input='{"s":"stop"}', output='"pots"', answer="pots"
    )
    assert _judged(grader, row) == [row]
    wrong = solution(
        question="Reverse the word 'stop'.", input='{"s":"stop"}', output='"pots"', answer="spot"
    )
    assert _judged(grader, wrong)[0].verdict == "wrong_answer"


def test_an_integral_float_is_the_integer(grader):
    assert isinstance(_judged(grader, solution(output="12.0"))[0], type(solution()))


@pytest.mark.parametrize(
    ("answer", "question", "right"),
    [
        # Equal to 12 for math-verify.
        (r"12\%", "What is 3 times 4?", False),
        ("12 percent", "What is 3 times 4?", False),
        (r"12\text{ thousand}", "What is 3 times 4?", False),
        ("12 dozen", "What is 3 times 4?", False),
        # The question asks for this scale.
        (r"12\%", "What percentage is 3 times 4?", True),
        (r"12\text{ dozen}", "There are 3 dozens of eggs in 4 boxes. How many dozens?", True),
        # With the scale applied, the number is the same.
        (r"1200\%", "What is 3 times 4?", True),
        (r"1 dozen", "What is 3 times 4?", True),
        # Without a scale.
        (r"12\text{ km}", "What is 3 times 4?", True),
        ("x = 12", "What is 3 times 4?", True),
        (r"\frac{24}{2}", "What is 3 times 4?", True),
    ],
)
def test_a_scale_is_applied_unless_the_question_asks_for_it(grader, answer, question, right):
    (row,) = _judged(grader, solution(answer=answer, question=question), grounded=False)
    assert isinstance(row, Rejected) != right


def test_a_comparison_that_hangs_has_its_own_verdict():
    class Hangs:
        def grade_output(self, output, solution, question):
            return Grade("grader_timeout", "took over 1 s")

    assert _judged(Hangs(), solution())[0].verdict == "grader_timeout"


def test_without_the_second_check_only_the_answer_is_checked(grader):
    row = solution(question="What is 3 times 5?")
    assert _judged(grader, row, grounded=False) == [row]


def test_a_rejection_names_the_solution_among_its_questions_solutions(grader):
    rows = _judged(grader, *(solution(answer="13", solution_variant=n) for n in range(2)))
    assert [row.row_id for row in rows] == ["q1", "q1.1"]
