"""Questions from programs."""

import json

import pytest
from reverse_rows import ASK, verified
from tests.fake_engine import FakeEngine, cut

from caco.config.generation import Sampling, WriteQuestions
from caco.identity import request_seed
from caco.rows.rejected import Rejected
from caco.stages.reverse.question import write_questions


def _written(answer, rows=None, model="writer", **settings):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [verified()]
    section = WriteQuestions(**({"sampling": ASK.sampling} | settings))
    return list(write_questions(rows, engine, "<u>{}<a>".format, section, model)), engine


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


def test_variants_are_questions_of_their_own_and_leave_the_first_as_it_was():
    rows, engine = _written(lambda r: f"Q {r.seed}", [verified(1), verified(2)], variants=3)
    assert [(r.sample_id, r.variant) for r in rows] == [
        (s, v) for s in ("s1", "s2") for v in range(3)
    ]
    assert len({r.question_id for r in rows}) == len({r.seed for r in engine.requests}) == 6
    alone, asked = _written(lambda r: f"Q {r.seed}", [verified(1), verified(2)])
    assert alone == rows[::3]
    assert asked.requests == engine.requests[::3]
    assert asked.requests[0].seed == request_seed(2, "question", "s1")


def test_a_rejected_variant_is_told_from_its_siblings():
    rows, _ = _written(lambda r: " ", variants=2)
    assert [(r.row_id, r.verdict) for r in rows] == [("s1", "empty"), ("s1.1", "empty")]


def test_each_variant_has_a_style_of_its_own_drawn_by_the_seed_and_kept():
    styles = ["a farm", "a space ship", "a letter"]
    many = [verified(i) for i in range(20)]
    rows, engine = _written(lambda r: f"Q {r.seed}", many, styles=styles, variants=3)
    for row, asked in zip(rows, engine.requests, strict=True):
        assert f"Context or style of the problem: {row.style}\n" in asked.prompt
    assert {tuple(sorted(r.style for r in rows[i : i + 3])) for i in range(0, 60, 3)} == {
        tuple(sorted(styles))
    }
    assert {r.style for r in rows[::3]} == set(styles)  # not the same first style each time
    again, _ = _written(lambda r: f"Q {r.seed}", many, styles=styles, variants=3)
    assert again == rows


def test_without_styles_the_prompt_is_the_one_that_writers_are_taught():
    plain, asked = _written(lambda r: "Q?")
    styled, _ = _written(lambda r: "Q?", styles=["a farm"])
    assert plain[0].style is None and "style" not in asked.requests[0].prompt
    assert plain[0].question_prompt != styled[0].question_prompt


def test_greedy_variants_that_would_be_equal_are_refused():
    greedy = Sampling(temperature=0.0, max_new_tokens=8)
    with pytest.raises(ValueError, match="3 `variants` of one program would be the same question"):
        WriteQuestions(sampling=greedy, variants=3, styles=["a farm", "a letter"])
    assert WriteQuestions(sampling=greedy, variants=2, styles=["a farm", "a letter"])
