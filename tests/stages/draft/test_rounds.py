"""Rounds of drafts: the prompts of the converter, and the program that is selected."""

import pytest
from tests.fake_engine import FakeEngine
from tests.stages.unify.conftest import TrustingSandbox

from caco.config.checks import ProgramRules
from caco.config.generation import Sampling
from caco.config.sources import Drafting
from caco.engines.protocol import GeneratingModel, Request
from caco.errors import CacoError
from caco.rows.draft import Attempt
from caco.rows.rejected import Rejected
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.attempts import attempt_drafts
from caco.stages.unify.converters.llm import code_cots
from caco.stages.unify.drafts import first_tasks, next_tasks, write_drafts

PROGRAM = """```python
input = {{"n": {n}}}

def double(n):
    return n * {factor}

output = double(input["n"])
print(output)
```"""
SEEDS = [
    make_seed("s", "Twice 4?", "8"),
    make_seed("s", "Twice 5?", "10", solution="5*2=<<5*2=10>>10"),
    make_seed("s", "Twice 6?", "12"),
]
# Replies of the converter: right at once, right when the prompt shows the fault, never right.
FIRST = {"Twice 4?": (4, 2), "Twice 5?": (5, 3), "Twice 6?": (6, 3)}
LATER = FIRST | {"Twice 5?": (5, 2)}


def reply(request):
    table = LATER if "It is not right" in request.prompt else FIRST
    ((n, factor),) = [table[p] for p in table if p in request.prompt]
    return PROGRAM.format(n=n, factor=factor)


def run_rounds(answer=reply, rounds=3, candidates=1, seeds=SEEDS):
    """Runs rounds as the rules do; returns the outcomes, and attempts and requests by round."""
    section = Drafting(
        candidates=candidates, sampling=Sampling(temperature=0.6, max_new_tokens=99, seed=1)
    )
    answers = {seed.seed_id: seed.answer for seed in seeds}
    attempts: list[list[Attempt]] = []
    requests: list[list[Request]] = []
    for round_ in range(rounds):
        engine = FakeEngine(answer)
        tasks = next_tasks(seeds, attempts[-1]) if attempts else first_tasks(seeds, candidates)
        drafts = write_drafts(tasks, round_, GeneratingModel(engine, str, "m"), section)
        attempts.append(
            list(attempt_drafts(drafts, answers, ProgramRules(min_lines=5), TrustingSandbox()))
        )
        requests.append(engine.requests)
    return list(code_cots(seeds, attempts)), attempts, requests


def test_a_seed_with_an_accepted_program_enters_no_further_round():
    outcomes, rounds, _ = run_rounds()
    assert [len(attempts) for attempts in rounds] == [3, 2, 1]
    first, second, third = outcomes
    assert (first.seed_id, first.output) == (SEEDS[0].seed_id, "8")
    assert (second.seed_id, second.output) == (SEEDS[1].seed_id, "10")
    assert first.converter.startswith("llm:") and first.converter.endswith(":m")
    assert isinstance(third, Rejected)
    assert (third.row_id, third.verdict) == (SEEDS[2].seed_id, "wrong_answer")
    assert third.reason == ("the last of 3 programs: it gives 18, which is not the known answer")


def test_a_retry_shows_the_program_and_its_fault_but_never_the_answer():
    _, _, requests = run_rounds()
    assert "It is not right" not in requests[0][0].prompt
    second = next(r.prompt for r in requests[1] if "Twice 6?" in r.prompt)
    assert "return n * 3" in second
    assert "It is not right: it gives 18, which is not the known answer." in second
    assert not any("12" in r.prompt for round_ in requests for r in round_)


def test_the_prompt_shows_a_worked_solution_as_prose():
    (*_, third), _, requests = run_rounds(rounds=1)
    assert third.reason == "its program: it gives 18, which is not the known answer"
    assert "5*2=10" in requests[0][1].prompt and "<<" not in requests[0][1].prompt
    assert "in words" not in requests[0][0].prompt


def test_the_first_accepted_candidate_is_used_and_each_has_its_own_seed():
    seeds: dict[str, int] = {}

    def nth(request):
        at = seeds.setdefault(request.request_id, int(request.request_id[-1]))
        return PROGRAM.format(n=4, factor=[3, 2, 2][at]).replace("double", f"step_{at}")

    outcomes, attempts, requests = run_rounds(nth, rounds=2, candidates=3, seeds=SEEDS[:1])
    assert [a.verdict for a in attempts[0]] == ["wrong_answer", "accepted", "accepted"]
    assert attempts[1] == [] and requests[1] == []
    assert "step_1" in outcomes[0].program
    assert len({request.seed for request in requests[0]}) == 3


def test_a_retry_shows_the_previous_program_of_the_same_candidate():
    def never(request):
        return PROGRAM.format(n=4, factor=3 + int(request.request_id[-1]))

    _, _, requests = run_rounds(never, rounds=2, candidates=2, seeds=SEEDS[:1])
    assert ["it gives 12" in requests[1][0].prompt, "it gives 16" in requests[1][1].prompt] == [
        True
    ] * 2


def test_rounds_have_different_request_seeds():
    _, _, requests = run_rounds(lambda r: "no", rounds=3, seeds=SEEDS[:1])
    assert len({round_[0].seed for round_ in requests}) == 3


def test_the_same_program_for_two_seeds_is_a_duplicate():
    same = PROGRAM.format(n=4, factor=2)
    seeds = [SEEDS[0], make_seed("s", "The double of 4?", "8")]
    outcomes, _, _ = run_rounds(lambda r: same, rounds=1, seeds=seeds)
    assert outcomes[1].verdict == "duplicate"


def test_a_seed_without_an_attempt_is_an_error():
    _, attempts, _ = run_rounds(rounds=1, seeds=SEEDS[:2])
    with pytest.raises(CacoError, match="no round has an attempt of the seed"):
        list(code_cots(SEEDS, attempts))
    with pytest.raises(CacoError, match="an attempt of an unknown seed"):
        list(code_cots(SEEDS[:1], attempts))
