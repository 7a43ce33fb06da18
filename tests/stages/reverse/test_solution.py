"""Solutions from questions."""

import pytest
from reverse_rows import WRITE, question
from tests.fake_engine import FakeEngine, cut

from caco.rows.rejected import Rejected
from caco.stages.reverse.solution import write_solutions


def _solved(answer, rows=None):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [question()]
    return list(write_solutions(rows, engine, "<u>{}<a>".format, WRITE, "solver")), engine


def test_a_solution_is_written_from_the_question_alone():
    (row,), engine = _solved(lambda r: r"3 * 4 = 12. The answer is \boxed{12}.")
    assert (row.answer, row.solution_model, row.question_id) == ("12", "solver", "q1")
    (asked,) = engine.requests
    assert "What is 3 times 4?" in asked.prompt
    assert "input" not in asked.prompt and "12" not in asked.prompt


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (cut, "truncated"),
        (lambda r: "I cannot say.", "no_final_answer"),
        (lambda r: "", "no_final_answer"),
        (lambda r: r"So \boxed{", "no_final_answer"),
    ],
)
def test_a_solution_without_an_end_or_an_answer_is_rejected(answer, verdict):
    (row,), _ = _solved(answer)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q1", verdict)
