"""Questions from programs."""

import json

import pytest
from tests.fake_engine import FakeEngine, truncated
from tests.stages.reverse.reverse_rows import WRITE_QUESTIONS, verified

from caco.config.generation import Sampling, WriteQuestions
from caco.engines.protocol import GeneratingModel
from caco.identity import request_seed
from caco.rows.rejected import Rejected
from caco.stages.reverse.question import write_questions


def _written(answer, rows=None, model="writer", **settings):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [verified()]
    section = WriteQuestions(**({"sampling": WRITE_QUESTIONS.sampling} | settings))
    return list(
        write_questions(rows, GeneratingModel(engine, "<u>{}<a>".format, model), section)
    ), engine


def test_a_question_has_its_complete_lineage():
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
        (truncated, "truncated"),
        (lambda r: " \n", "empty"),
        (lambda r: "```python\nx\n```", "echoes_code"),
        (lambda r: "Solve:\n  def solve(a):", "echoes_code"),
        (lambda r: "What is input['a'] times 4?", "echoes_code"),
        (lambda r: "input = {'a': 3}", "echoes_code"),
        (lambda r: "Find 3.\noutput = 12", "echoes_code"),
        (lambda r: "The problem is: Input: {'a': 3, 'b': 4} Output: 12", "not_a_question"),
        (lambda r: "Tom has 3 boxes of 4 pens.", "not_a_question"),
    ],
)
def test_a_reply_that_is_no_problem_is_rejected(answer, verdict):
    (row,), _ = _written(answer)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("s1", verdict)
    assert json.loads(row.row)["program_id"] == "p1"


@pytest.mark.parametrize(
    "reply",
    [
        "<think>\nThey have a = 3.\n</think>\n\nWhat is 3 times 4?",
        "They have a = 3, so input['a'].\n</think>\n\nWhat is 3 times 4?",  # opened in the prompt
        "<thinking>def solve(a):</thinking>What is 3 times 4?",
        "What is 3 times 4?\n<think>Does that state every value",
    ],
)
def test_the_thoughts_of_the_writer_are_no_part_of_a_question(reply):
    (row,), _ = _written(lambda r: reply)
    assert row.question == "What is 3 times 4?"
    assert row.question_id == _written(lambda r: "What is 3 times 4?")[0][0].question_id


@pytest.mark.parametrize("reply", ["<think>A farm?</think>\n", "<think>A farm", "A farm?</think>"])
def test_a_reply_of_thoughts_alone_is_no_question(reply):
    (row,), _ = _written(lambda r: reply)
    assert (row.row_id, row.verdict) == ("s1", "only_thoughts")
    assert row.reason == f"nothing follows the writer's thoughts: {reply.strip()!r}"


@pytest.mark.parametrize(
    "text",
    [
        "What input is needed?",
        "From 3 and 4, import duty is due. How much?",
        "The output: how much?",
    ],
)
def test_words_that_are_also_keywords_are_accepted(text):
    (row,), _ = _written(lambda r: text)
    assert row.question == text


def test_every_row_has_one_outcome_in_order_and_its_own_seed():
    rows, engine = _written(
        lambda r: truncated(r) if r.request_id in ("s2", "s5") else f"Q {r.request_id}",
        [verified(i) for i in range(7)],
    )
    names = [r.row_id if isinstance(r, Rejected) else r.sample_id for r in rows]
    assert names == [f"s{i}" for i in range(7)]
    assert len({r.seed for r in engine.requests}) == 7


def test_a_questions_identity_depends_on_program_prompt_model_and_seed():
    name = _written(lambda r: "Q?")[0][0].question_id
    assert name == _written(lambda r: "Q?")[0][0].question_id
    assert name != _written(lambda r: "Q?", model="other")[0][0].question_id
    assert name != _written(lambda r: "Q?", [verified(2)])[0][0].question_id


def test_more_variants_do_not_change_the_first():
    rows, engine = _written(lambda r: f"Q {r.seed}", [verified(1), verified(2)], variants=3)
    assert [(r.sample_id, r.variant) for r in rows] == [
        (s, v) for s in ("s1", "s2") for v in range(3)
    ]
    assert len({r.question_id for r in rows}) == len({r.seed for r in engine.requests}) == 6
    alone, engine_alone = _written(lambda r: f"Q {r.seed}", [verified(1), verified(2)])
    assert alone == rows[::3]
    assert engine_alone.requests == engine.requests[::3]
    assert engine_alone.requests[0].seed == request_seed(2, "question", "s1")


def test_rejected_variants_have_different_ids():
    rows, _ = _written(lambda r: " ", variants=2)
    assert [(r.row_id, r.verdict) for r in rows] == [("s1", "empty"), ("s1.1", "empty")]


def test_each_variant_has_its_own_style_drawn_by_seed():
    styles = ["a farm", "a space ship", "a letter"]
    many = [verified(i) for i in range(20)]
    rows, engine = _written(lambda r: f"Q {r.seed}", many, styles=styles, variants=3)
    for row, request in zip(rows, engine.requests, strict=True):
        assert f"Context or style of the problem: {row.style}\n" in request.prompt
    assert {tuple(sorted(r.style for r in rows[i : i + 3])) for i in range(0, 60, 3)} == {
        tuple(sorted(styles))
    }
    assert {r.style for r in rows[::3]} == set(styles)  # not the same first style each time
    again, _ = _written(lambda r: f"Q {r.seed}", many, styles=styles, variants=3)
    assert again == rows


def test_without_styles_the_prompt_is_the_one_of_the_fine_tuning():
    plain, engine = _written(lambda r: "Q?")
    styled, _ = _written(lambda r: "Q?", styles=["a farm"])
    assert plain[0].style is None and "style" not in engine.requests[0].prompt
    assert plain[0].question_prompt != styled[0].question_prompt


def test_greedy_variants_that_would_be_equal_are_an_error():
    greedy = Sampling(temperature=0.0, max_new_tokens=8)
    with pytest.raises(ValueError, match="3 `variants` of one program would be the same question"):
        WriteQuestions(sampling=greedy, variants=3, styles=["a farm", "a letter"])
    assert WriteQuestions(sampling=greedy, variants=2, styles=["a farm", "a letter"])


def test_a_detailed_prompt_names_the_style_and_not_the_result():
    rows, engine = _written(lambda r: "Q?", prompt="detailed", styles=["a farm"])
    (plain,), other = _written(lambda r: "Q?", prompt="detailed")
    assert "Context or style of the problem: a farm\n" in engine.requests[0].prompt
    assert "Context" not in other.requests[0].prompt
    assert "Output" not in engine.requests[0].prompt
    assert rows[0].question_prompt == plain.question_prompt
    assert plain.question_prompt != _written(lambda r: "Q?")[0][0].question_prompt
