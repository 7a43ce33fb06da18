"""Solutions from questions."""

import pytest
from tests.fake_engine import FakeEngine, truncated
from tests.stages.reverse.reverse_rows import WRITE, question

from caco.config.generation import Sampling, WriteSolutions
from caco.engines.protocol import GeneratingModel
from caco.identity import request_seed
from caco.rows.rejected import Rejected
from caco.stages.reverse.solution import write_solutions


def _solved(answer, rows=None, **settings):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [question()]
    section = WriteSolutions(**({"sampling": WRITE.sampling} | settings))
    model = GeneratingModel(engine, "<u>{}<a>".format, "solver")
    return list(write_solutions(rows, model, section)), engine


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


def test_more_variants_do_not_change_the_first():
    rows = [question(1), question(2)]
    solved, engine = _solved(lambda r: f"S {r.seed}", rows, variants=3)
    assert [(r.question_id, r.solution_variant, r.row_id) for r in solved] == [
        ("q1", 0, "q1"), ("q1", 1, "q1.1"), ("q1", 2, "q1.2"),
        ("q2", 0, "q2"), ("q2", 1, "q2.1"), ("q2", 2, "q2.2"),
    ]  # fmt: skip
    assert len({r.seed for r in engine.requests}) == 6
    alone, engine_alone = _solved(lambda r: f"S {r.seed}", rows)
    assert alone == solved[::3]
    assert engine_alone.requests == engine.requests[::3]
    assert engine_alone.requests[0].seed == request_seed(2, "solution", "q1")


def test_a_variant_depends_on_its_question_alone():
    rows = [question(n) for n in range(4)]
    solved, _ = _solved(lambda r: f"S {r.seed}", rows, variants=2)
    backwards, _ = _solved(lambda r: f"S {r.seed}", rows[::-1], variants=2)
    assert sorted(solved, key=lambda r: r.row_id) == sorted(backwards, key=lambda r: r.row_id)


def test_rejected_variants_have_different_ids():
    rows, _ = _solved(truncated, variants=2)
    assert [(r.row_id, r.verdict) for r in rows] == [("q1", "truncated"), ("q1.1", "truncated")]


def test_greedy_variants_that_would_be_equal_are_an_error():
    greedy = Sampling(temperature=0, max_new_tokens=8)
    with pytest.raises(ValueError, match="2 `variants` of one question would be the same solution"):
        WriteSolutions(sampling=greedy, variants=2)
    assert WriteSolutions(sampling=greedy, variants=2, examples=1)  # each has its own examples
