"""Solutions from questions."""

import pytest
from tests.fake_engine import FakeEngine, truncated
from tests.stages.reverse.reverse_rows import WRITE, question

from caco.engines.protocol import GeneratingModel
from caco.rows.rejected import Rejected
from caco.stages.reverse.solution import write_solutions


def _solved(answer, rows=None):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [question()]
    return list(
        write_solutions(rows, GeneratingModel(engine, "<u>{}<a>".format, "solver"), WRITE)
    ), engine


def test_the_prompt_holds_the_question_alone():
    (row,), engine = _solved(lambda r: r"3 * 4 = 12. The answer is \boxed{12}.")
    assert (row.solution_model, row.question_id) == ("solver", "q1")
    assert row.solution.endswith("{12}.")
    (request,) = engine.requests
    assert "What is 3 times 4?" in request.prompt
    assert "input" not in request.prompt and "12" not in request.prompt


def test_a_solution_without_an_end_is_rejected():
    (row,), _ = _solved(truncated)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q1", "truncated")


@pytest.mark.parametrize("text", ["I cannot say.", "", r"So \boxed{"])
def test_a_solution_without_a_final_answer_is_left_to_the_judge(text):
    (row,), _ = _solved(lambda r: text)
    assert row.solution == text.strip()


@pytest.mark.parametrize(
    "reply",
    [
        "<think>\n3 + 4 = 7. The answer is 7.\n</think>\n\n3 * 4 = 12. The answer is 12.",
        "The answer is 7? No.\n</think>\n\n3 * 4 = 12. The answer is 12.",  # opened in the prompt
        "<thinking>7?</thinking>3 * 4 = 12. The answer is 12.",
        "3 * 4 = 12. The answer is 12.\n<think>Or is the answer 7",
    ],
)
def test_the_thoughts_of_the_solver_are_no_part_of_a_solution(reply):
    (row,), _ = _solved(lambda r: reply)
    assert row.solution == "3 * 4 = 12. The answer is 12."


@pytest.mark.parametrize("reply", ["<think>12?</think>\n", "<think>12", "It is 12.</think>"])
def test_a_reply_of_thoughts_alone_is_no_solution(reply):
    (row,), _ = _solved(lambda r: reply)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q1", "only_thoughts")
    assert row.reason == f"nothing follows the solver's thoughts: {reply.strip()!r}"
