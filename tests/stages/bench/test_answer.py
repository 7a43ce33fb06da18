"""Answers to a benchmark and their grades."""

import pytest
from tests.fake_engine import FakeEngine

from caco.config.bench import Answering
from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling
from caco.engines.protocol import GeneratingModel
from caco.engines.resumable import ResumableEngine
from caco.grading.grader import Grader
from caco.grading.second import second_grader
from caco.rows.seed import Seed
from caco.runtime.journal import Journal
from caco.stages.bench.answer import answer_problems
from caco.stages.bench.grade import grade_answers
from caco.text.chat import alpaca_prompt

SECTION = Answering(
    engine=TransformersEngineConfig(),
    sampling=Sampling(temperature=0.0, max_new_tokens=32),
    samples=1,
    prompt="alpaca",
)


def _seed(answer="12", name="p1"):
    return Seed(name, "easy", "math", "What is 3 times 4?", None, None, answer, "Apache-2.0")


@pytest.fixture(scope="module")
def graders():
    with Grader(timeout_s=20) as first, second_grader(timeout_s=60) as second:
        yield first, second


def test_a_problem_has_as_many_answers_as_the_benchmark_wants():
    engine = FakeEngine(lambda r: r.request_id)
    section = SECTION.model_copy(update={"samples": 3})
    model = GeneratingModel(engine, alpaca_prompt, "m")
    seeds = [_seed(name=name) for name in ("p1", "p2")]
    rows = list(answer_problems(seeds, model, section, ("base", "easy")))
    assert [(row.problem_id, row.sample) for row in rows] == [
        (p, s) for p in ("p1", "p2") for s in range(3)
    ]
    assert len({row.completion for row in rows}) == 6
    assert len({request.seed for request in engine.requests}) == 6


def _graded(graders, text, *seeds):
    engine = FakeEngine(lambda r: text)
    model = GeneratingModel(engine, alpaca_prompt, "m")
    answers = answer_problems(seeds or [_seed()], model, SECTION, ("base", "easy"))
    return list(grade_answers(answers, *graders)), engine


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"3 * 4 = 12. The answer is \boxed{12}.", "correct"),
        ("The answer is 12.0", "correct"),
        ("#### 13", "wrong"),
        ("We add 7 to 5 and get 12", "correct"),  # no stated answer: the last value
        ("It is 7, or 12 after all", "wrong"),  # two answers
        (r"The answer is 12 \dots", "undecided"),
        ("I do not know", "no_answer"),
        ("", "no_answer"),
        ("The answer is a dozen.", "correct"),
    ],
)
def test_each_completion_has_one_verdict(graders, text, verdict):
    (row,), _ = _graded(graders, text)
    assert row.verdict == verdict
    assert (row.model, row.benchmark, row.problem_id, row.answer) == ("base", "easy", "p1", "12")
    assert row.completion == text


def test_the_model_decodes_greedily_and_stops_before_another_task(graders):
    _, engine = _graded(graders, "#### 12")
    (request,) = engine.requests
    assert request.temperature == 0.0
    assert request.prompt.endswith("### Instruction:\nWhat is 3 times 4?\n\n### Response:\n")
    assert request.stop == ("### Instruction:",)


def test_a_problem_that_stands_twice_is_answered_twice(graders, tmp_path):
    engine = FakeEngine(lambda r: "#### 12")
    with ResumableEngine(engine, Journal(tmp_path / "a.journal", {})) as resumable:
        model = GeneratingModel(resumable, alpaca_prompt, "m")
        seeds = [_seed(name=name) for name in ("p1", "p2", "p1", "p1")]
        rows = list(answer_problems(seeds, model, SECTION, ("base", "easy")))
    assert [row.problem_id for row in rows] == ["p1", "p2", "p1", "p1"]
    assert [row.verdict for row in grade_answers(rows, *graders)] == ["correct"] * 4


def test_rows_keep_the_order_of_the_problems(graders):
    rows, _ = _graded(graders, "#### 12", *[_seed(name=f"p{i}") for i in range(9)])
    assert [row.problem_id for row in rows] == [f"p{i}" for i in range(9)]
