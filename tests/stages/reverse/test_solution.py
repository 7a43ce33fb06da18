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
