"""Questions from programs."""

import json

import pytest
from reverse_rows import WRITE, verified
from tests.fake_engine import FakeEngine, cut

from caco.reverse.question import write_questions
from caco.rows.rejected import Rejected


def _written(answer, rows=None, model="writer"):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [verified()]
    return list(write_questions(rows, engine, "<u>{}<a>".format, WRITE, model)), engine


def test_a_question_keeps_its_whole_lineage():
    (row,), engine = _written(lambda r: " What is 3 times 4?\n")
    assert row.question == "What is 3 times 4?"
    assert (row.sample_id, row.program_id, row.codegen) == ("s1", "p1", "c")
    assert (row.input, row.output, row.question_model) == ('{"a":3,"b":4}', "12", "writer")
    prompt = engine.requests[0].prompt
    assert prompt.startswith("<u>") and prompt.endswith("<a>")
    assert "input['a'] * input['b']" in prompt and "Output: 12" in prompt


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (cut, "truncated"),
        (lambda r: " \n", "empty"),
        (lambda r: "```python\nx\n```", "echoes_code"),
        (lambda r: "Solve:\n  def solve(a):", "echoes_code"),
        (lambda r: "What is input['a'] times 4?", "echoes_code"),
        (lambda r: "input = {'a': 3}", "echoes_code"),
        (lambda r: "Find 3.\noutput = 12", "echoes_code"),
    ],
)
def test_what_is_no_problem_is_rejected_with_its_verdict(answer, verdict):
    (row,), _ = _written(answer)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("s1", verdict)
    assert json.loads(row.row)["program_id"] == "p1"


@pytest.mark.parametrize(
    "text", ["What input is needed?", "From 3 and 4, import duty is due.", "The output: how much?"]
)
def test_words_that_are_also_code_are_no_echo(text):
    (row,), _ = _written(lambda r: text)
    assert row.question == text


def test_every_row_leaves_once_in_order_with_a_seed_of_its_own():
    rows, engine = _written(
        lambda r: cut(r) if r.request_id in ("s2", "s5") else f"Q {r.request_id}",
        [verified(i) for i in range(7)],
    )
    names = [r.row_id if isinstance(r, Rejected) else r.sample_id for r in rows]
    assert names == [f"s{i}" for i in range(7)]
    assert len({r.seed for r in engine.requests}) == 7


def test_a_questions_identity_is_its_program_prompt_model_and_seed():
    name = _written(lambda r: "Q?")[0][0].question_id
    assert name == _written(lambda r: "Q?")[0][0].question_id
    assert name != _written(lambda r: "Q?", model="other")[0][0].question_id
    assert name != _written(lambda r: "Q?", [verified(2)])[0][0].question_id
