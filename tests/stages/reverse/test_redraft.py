"""Programs that are written from questions."""

from tests.fake_engine import FakeEngine
from tests.stages.reverse.reverse_rows import question

from caco.config.generation import RoundTrip, Sampling
from caco.engines.protocol import GeneratingModel
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.stages.reverse.few_shot import ZERO_SHOT
from caco.stages.reverse.redraft import REDRAFT, redraft_few_shot, write_redrafts

SAMPLING = Sampling(temperature=0.7, max_new_tokens=64, seed=3)


def _section(**changed):
    return RoundTrip(model="coder", sampling=SAMPLING, programs=2, **changed)


def _written(rows, section, few_shot=ZERO_SHOT):
    engine = FakeEngine(lambda r: "output = 12")
    model = GeneratingModel(engine, "<u>{}<a>".format, "cm", lambda *turns: "|".join(turns))
    return list(write_redrafts(rows, model, section, few_shot=few_shot)), engine.requests


def test_each_question_has_its_programs_in_order_with_different_seeds():
    rows, requests = _written([question(1), question(2)], _section())
    assert [(r.question_id, r.number) for r in rows] == [
        ("q1", 0), ("q1", 1), ("q2", 0), ("q2", 1),
    ]  # fmt: skip
    assert {r.reply for r in rows} == {"output = 12"}
    assert {(r.prompt, r.model, r.finish_reason) for r in rows} == {(REDRAFT.digest, "cm", "stop")}
    assert len({r.seed for r in rows}) == len({r.request_id for r in requests}) == 4


def test_the_prompt_has_the_question_and_nothing_of_its_program():
    _, requests = _written([question(question="What is 3 times 4?", output="777")], _section())
    for request in requests:
        assert "What is 3 times 4?" in request.prompt
        assert "input['a']" not in request.prompt and "777" not in request.prompt


def test_examples_are_problems_of_seeds_with_their_programs_and_never_its_own():
    seeds = [
        Seed(f"s{n}", "file", "math", f"Problem {n}?", None, None, str(n), "MIT") for n in range(3)
    ]
    cots = [
        CodeCoT(f"p{n}", f"s{n}", "file", f"output = {n}\n", "equations", "{}", str(n))
        for n in range(3)
    ]
    section = _section(examples=2)
    rows, requests = _written([question(1)], section, redraft_few_shot(section, cots, seeds))
    for request in requests:
        assert "Problem 0?" in request.prompt and "```python\noutput = 0\n```" in request.prompt
        assert "Problem 2?" in request.prompt and "output = 2" in request.prompt
        assert "Problem 1?" not in request.prompt  # that of the program p1
    assert {r.prompt for r in rows} != {REDRAFT.digest}
