"""Rounds of drafts: what the converter is asked, and which of its programs a seed gets."""

import pytest
from tests.fake_engine import FakeEngine
from tests.stages.unify.conftest import TrustingSandbox

from caco.config.generation import Sampling
from caco.config.sources import Drafting
from caco.errors import CacoError
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
# What the converter writes: right at once, right when told of its fault, never right.
FIRST = {"Twice 4?": (4, 2), "Twice 5?": (5, 3), "Twice 6?": (6, 3)}
LATER = FIRST | {"Twice 5?": (5, 2)}


def reply(request):
    table = LATER if "It is not right" in request.prompt else FIRST
    ((n, factor),) = [table[p] for p in table if p in request.prompt]
    return PROGRAM.format(n=n, factor=factor)


def converted(answer=reply, rounds=3, candidates=1, seeds=SEEDS):
    """Runs rounds as the rules do; returns the outcomes, the attempts and the prompts by round."""
    section = Drafting(
        candidates=candidates, sampling=Sampling(temperature=0.6, max_new_tokens=99, seed=1)
    )
    answers = {seed.seed_id: seed.answer for seed in seeds}
    made, asked = [], []
    for round_ in range(rounds):
        engine = FakeEngine(answer)
        tasks = next_tasks(seeds, made[-1]) if made else first_tasks(seeds, candidates)
        drafts = write_drafts(tasks, round_, engine, lambda user: user, section, "m")
        made.append(list(attempt_drafts(drafts, answers, TrustingSandbox())))
        asked.append(engine.requests)
    return list(code_cots(seeds, made)), made, asked


def test_a_seed_leaves_the_rounds_when_its_program_gives_the_answer():
    outcomes, made, _ = converted()
    assert [len(attempts) for attempts in made] == [3, 2, 1]
    first, second, third = outcomes
    assert (first.seed_id, first.output) == (SEEDS[0].seed_id, "8")
    assert (second.seed_id, second.output) == (SEEDS[1].seed_id, "10")
    assert first.converter.startswith("llm:") and first.converter.endswith(":m")
    assert isinstance(third, Rejected)
    assert (third.row_id, third.verdict) == (SEEDS[2].seed_id, "wrong_answer")
    assert third.reason == ("the last of 3 programs: it gives 18, which is not the known answer")


def test_a_retry_shows_the_program_and_its_fault_but_never_the_answer():
    _, _, asked = converted()
    assert "It is not right" not in asked[0][0].prompt
    second = next(r.prompt for r in asked[1] if "Twice 6?" in r.prompt)
    assert "return n * 3" in second
    assert "It is not right: it gives 18, which is not the known answer." in second
    assert not any("12" in r.prompt for requests in asked for r in requests)


def test_a_worked_solution_is_shown_as_prose():
    _, _, asked = converted(rounds=1)
    assert "5*2=10" in asked[0][1].prompt and "<<" not in asked[0][1].prompt
    assert "in words" not in asked[0][0].prompt


def test_the_first_right_candidate_wins_and_each_has_a_seed_of_its_own():
    seeds = {}

    def nth(request):
        at = seeds.setdefault(request.request_id, int(request.request_id[-1]))
        return PROGRAM.format(n=4, factor=[3, 2, 2][at]).replace("double", f"step_{at}")

    outcomes, made, asked = converted(nth, rounds=2, candidates=3, seeds=SEEDS[:1])
    assert [a.verdict for a in made[0]] == ["wrong_answer", "accepted", "accepted"]
    assert made[1] == [] and asked[1] == []
    assert "step_1" in outcomes[0].program
    assert len({request.seed for request in asked[0]}) == 3


def test_a_candidate_is_mended_in_its_own_thread():
    def never(request):
        return PROGRAM.format(n=4, factor=3 + int(request.request_id[-1]))

    _, _, asked = converted(never, rounds=2, candidates=2, seeds=SEEDS[:1])
    assert ["it gives 12" in asked[1][0].prompt, "it gives 16" in asked[1][1].prompt] == [True] * 2


def test_rounds_ask_with_other_seeds():
    _, _, asked = converted(lambda r: "no", rounds=3, seeds=SEEDS[:1])
    assert len({requests[0].seed for requests in asked}) == 3


def test_the_same_program_for_two_seeds_is_a_duplicate():
    same = PROGRAM.format(n=4, factor=2)
    seeds = [SEEDS[0], make_seed("s", "The double of 4?", "8")]
    outcomes, _, _ = converted(lambda r: same, rounds=1, seeds=seeds)
    assert outcomes[1].verdict == "duplicate"


def test_a_seed_that_no_round_attempted_is_found_out():
    _, made, _ = converted(rounds=1, seeds=SEEDS[:2])
    with pytest.raises(CacoError, match="a row was lost"):
        list(code_cots(SEEDS, made))
    with pytest.raises(CacoError, match="does not hold"):
        list(code_cots(SEEDS[:1], made))
