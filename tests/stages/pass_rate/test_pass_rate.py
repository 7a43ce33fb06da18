"""The questions that a model answers, and how many of its answers are right."""

import pytest
from tests.fake_engine import FakeEngine
from tests.stages.reverse.reverse_rows import solution

from caco.config.bench import Answering
from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling
from caco.engines.protocol import GeneratingModel
from caco.grading.grader import Grader
from caco.grading.reward import reward
from caco.rows.passes import Passes
from caco.stages.bench.answer import answer_problems
from caco.stages.pass_rate.passes import count_passes
from caco.stages.pass_rate.questions import questions
from caco.text.chat import alpaca_prompt

SECTION = Answering(
    engine=TransformersEngineConfig(),
    sampling=Sampling(temperature=0.7, max_new_tokens=32, seed=3),
    samples=4,
    prompt="alpaca",
)
RIGHT, WRONG, OPEN, NONE = "#### 12", "#### 13", r"The answer is 12 \dots", "I do not know"


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=20) as opened:
        yield opened


def answered(rows, texts):
    """Returns the answers to the rows' questions: to each, the texts in their order."""
    engine = FakeEngine(lambda request: texts[int(request.request_id.rpartition(".")[2])])
    model = GeneratingModel(engine, alpaca_prompt, "md")
    answers = list(answer_problems(questions(rows), model, SECTION, (model.digest, "pass_rate")))
    return answers, engine.requests


def test_each_question_is_asked_once_however_many_solutions_it_has():
    rows = [solution(1), solution(1, solution_variant=1), solution(2, output='"7.0"')]
    problems = list(questions(rows))
    assert [(p.seed_id, p.problem, p.answer) for p in problems] == [
        ("q1", rows[0].question, "12"), ("q2", rows[2].question, "7.0"),
    ]  # fmt: skip
    answers, requests = answered(rows, [RIGHT] * 4)
    assert [(a.problem_id, a.sample) for a in answers] == [
        (q, n) for q in ("q1", "q2") for n in range(4)
    ]
    assert len({request.seed for request in requests}) == 8
    assert {(a.model, a.benchmark) for a in answers} == {("md", "pass_rate")}


def test_the_answers_to_a_question_do_not_depend_on_its_shard():
    _, together = answered([solution(1), solution(2)], [RIGHT] * 4)
    _, alone = answered([solution(2)], [RIGHT] * 4)
    assert together[4:] == alone


@pytest.mark.parametrize(
    ("texts", "passes"),
    [
        ([RIGHT] * 4, 4),
        ([WRONG] * 4, 0),
        ([RIGHT, WRONG, OPEN, NONE], 1),  # only what is proven is right
        ([NONE, "The answer is a dozen.", r"\boxed{12.0}", RIGHT], 3),
    ],
)
def test_the_right_answers_of_each_question_are_counted(grader, texts, passes):
    answers, _ = answered([solution(1), solution(2, output="13")], texts)
    rated = list(count_passes(answers, grader))
    assert rated[0] == Passes("q1", "md", 4, passes)
    assert rated[0].rate == passes / 4
    assert rated[1] == Passes("q2", "md", 4, texts.count(WRONG))
    rewards = reward([a.completion for a in answers[:4]], [a.answer for a in answers[:4]])
    assert sum(rewards) == passes


def test_without_answers_there_is_no_pass_rate(grader):
    assert list(count_passes([], grader)) == []
