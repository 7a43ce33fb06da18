"""The LLM judge."""

import json
from dataclasses import replace

import pytest
from tests.fake_engine import FakeEngine, truncated
from tests.stages.reverse.reverse_rows import solution

from caco.config.generation import LlmJudge, Sampling
from caco.engines.protocol import GeneratingModel
from caco.rows.rejected import Rejected
from caco.stages.reverse.llm_judge import LLM_JUDGE, Judgement, llm_judge_solutions, read_judgement

ACCEPTING = "It multiplies.\nSolvable: yes\nSame logic: yes"
SECTION = LlmJudge(model="judge", sampling=Sampling(temperature=0.0, max_new_tokens=64, seed=3))


def _judged(answer, rows=None):
    engine = FakeEngine(answer)
    rows = rows if rows is not None else [solution()]
    return list(
        llm_judge_solutions(rows, GeneratingModel(engine, "<u>{}<a>".format, "jm"), SECTION)
    ), engine


def test_an_accepted_row_has_the_digests_of_the_judge():
    (row,), _ = _judged(lambda r: ACCEPTING)
    assert row == replace(solution(), llm_judge_model="jm", llm_judge_prompt=LLM_JUDGE.digest)


def test_the_prompt_shows_problem_solution_program_and_execution():
    _, engine = _judged(lambda r: ACCEPTING)
    (request,) = engine.requests
    assert request.prompt.startswith("<u>") and request.prompt.endswith("<a>")
    row = solution()
    for part in (row.question, row.solution, row.program, row.input, f"Output: {row.output}"):
        assert part in request.prompt


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (truncated, "truncated"),
        (lambda r: "", "no_judgement"),
        (lambda r: "Solvable: yes", "no_judgement"),
        (lambda r: "Solvable: yes\nSame logic: perhaps", "no_judgement"),
        (lambda r: "Solvable: no\nSame logic: yes", "unsolvable"),
        (lambda r: "Solvable: no\nSame logic: no", "unsolvable"),
        (lambda r: "Solvable: yes\nSame logic: no", "different_logic"),
    ],
)
def test_each_rejection_has_its_verdict(answer, verdict):
    (row,), _ = _judged(answer)
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q1", verdict)
    assert row.reason
    assert json.loads(row.row)["solution_model"] == "sm"


@pytest.mark.parametrize(
    ("reply", "judgement"),
    [
        ("solvable: YES\nsame logic : No.", Judgement(True, False)),
        ("**Solvable:** yes\n**Same logic:** **no**", Judgement(True, False)),
        ("1. Solvable: yes\n2. Same logic: no", Judgement(True, False)),
        ("- **Solvable**: no\n- **Same logic**: yes", Judgement(False, True)),
        ("Same logic: yes\n\nSolvable: no\n", Judgement(False, True)),
        # The template echoed, or a preliminary judgement: the last of each line counts.
        (
            "Solvable: yes or no\nSolvable: no\nSolvable: yes\nSame logic: yes",
            Judgement(True, True),
        ),
        ("Solvable: yes or no\nSame logic: yes or no", None),
        ("I say Solvable: yes and Same logic: yes", None),
        ("Unsolvable: yes\nSame logic: yes", None),
        ("Not 1. Solvable: yes\nSame logic: yes", None),
    ],
)
def test_a_judgement_consists_of_the_two_lines(reply, judgement):
    assert read_judgement(reply) == judgement


def test_every_row_has_one_outcome_in_order_and_its_own_seed():
    rows, engine = _judged(
        lambda r: truncated(r) if r.request_id in ("q2", "q5") else ACCEPTING,
        [solution(i) for i in range(7)],
    )
    names = [r.row_id if isinstance(r, Rejected) else r.question_id for r in rows]
    assert names == [f"q{i}" for i in range(7)]
    assert len({r.seed for r in engine.requests}) == 7


def test_each_solution_of_a_question_has_its_own_request():
    rows = [solution(1, solution_variant=n) for n in range(3)]
    judged, engine = _judged(lambda r: truncated(r) if r.request_id == "q1.1" else ACCEPTING, rows)
    assert [r.row_id for r in judged] == ["q1", "q1.1", "q1.2"]
    assert isinstance(judged[1], Rejected) and judged[2].solution_variant == 2
    assert len({r.seed for r in engine.requests}) == 3
