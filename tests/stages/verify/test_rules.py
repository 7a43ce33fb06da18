"""Each rule, at its edge: what it lets through and what it rejects, and in which order."""

import dataclasses
import json

import pytest
from pydantic import ValidationError
from tests.stages.verify.rows import GOOD, candidate, failed, ran, sampled

from caco.config.checks import Verify
from caco.sandbox.protocol import Outcome
from caco.stages.verify.literal import literal_input
from caco.stages.verify.rerun_rules import (
    RUNS,
    PerturbedRun,
    Rerun,
    Runs,
    broken_by_runs,
    rules_asking_for,
    suspicions,
)
from caco.stages.verify.rules import (
    AFTER,
    BEFORE,
    Candidate,
    Source,
    broken_after,
    broken_before,
    longest_integer,
)

PAPER = Verify()


def verdict_before(program, settings=PAPER):
    broken = broken_before(Candidate(program, Source(program.program)), settings)
    return broken and broken.verdict


def verdict_after(run, text=GOOD, settings=PAPER):
    broken = broken_after(candidate(text), run, settings)
    return broken and broken.verdict


def test_the_defaults_are_the_papers():
    assert (PAPER.min_lines, PAPER.max_digits) == (6, 10_000)


def test_the_order_of_the_rules():
    assert list(BEFORE) == ["truncated", "too_few_lines", "trivial"]
    assert list(AFTER) == ["empty_input", "empty_output", "too_many_digits", "unused_input"]
    assert list(RUNS) == ["non_deterministic", "insensitive", "echo"]
    assert set(RUNS) <= set(Verify.model_fields)  # each has a switch of its name


def test_a_good_program_breaks_no_rule():
    assert verdict_before(sampled()) is None
    assert verdict_after(ran()) is None


def test_a_truncated_generation():
    broken = broken_before(candidate("x = 1", finish_reason="length"), PAPER)
    assert broken is not None
    assert (broken.verdict, broken.reason) == (
        "truncated",
        "the generation ended at its limit of 64 tokens",
    )
    late = broken_before(candidate("x = 1", finish_reason="time"), PAPER)
    assert late is not None and late.reason == "the generation ended at its limit of time"


def test_too_few_lines_counts_real_lines_only():
    six = "\n".join(f"x{i} = {i}" for i in range(6))
    five = "import math\n# one\n\n" + "\n".join(f"x{i} = {i}" for i in range(5))
    assert verdict_before(sampled(six)) is None
    assert verdict_before(sampled(five)) == "too_few_lines"
    assert verdict_before(sampled(five), Verify(min_lines=5)) is None


@pytest.mark.parametrize("given", ["{}", "[]", "[1]", "3", '"text"', "null"])
def test_an_input_that_holds_nothing_by_name(given):
    assert verdict_after(ran(given=given)) == "empty_input"


@pytest.mark.parametrize("result", ["null", '""', '"  "', "[]", "{}"])
def test_an_output_that_says_nothing(result):
    assert verdict_after(ran(result=result)) == "empty_output"


@pytest.mark.parametrize("result", ["0", "false", "0.0", '"0"', "[0]", '"\u00e4"'])
def test_an_output_of_zero_says_something(result):
    assert verdict_after(ran(result=result)) is None


def test_integers_of_more_than_ten_thousand_digits():
    most, more = "9" * 10_000, "9" * 10_001
    assert verdict_after(ran(result=most)) is None
    assert verdict_after(ran(result=f"-{most}")) is None
    assert verdict_after(ran(result=more)) == "too_many_digits"
    assert verdict_after(ran(result=f'{{"a":[1,-{more}]}}')) == "too_many_digits"
    assert verdict_after(ran(given=f'{{"apples":{more},"price":1}}')) == "too_many_digits"
    assert verdict_after(ran(result="12"), settings=Verify(max_digits=1)) == "too_many_digits"


def test_longest_integer_does_not_mistake_other_values_for_integers():
    assert longest_integer('{"1234":["12345",1.2345678,-12,true]}') == 2


def test_every_key_of_input_must_be_named():
    unused = GOOD.replace('"price": 4', '"price": 4, "colour": 5').replace("**input", "3, 4")
    run = ran(given='{"apples":3,"colour":5,"price":4}')
    broken = broken_after(candidate(unused), run, PAPER)
    assert broken is not None
    assert (broken.verdict, broken.reason) == (
        "unused_input",
        "the key 'colour' of `input` is used nowhere",
    )
    assert verdict_after(run, unused, Verify(unused_inputs=False)) is None


def test_subscripts_of_input_are_use():
    text = GOOD.replace("**input", 'input["apples"], input["cost per piece"]')
    assert verdict_after(ran(given='{"apples":3,"cost per piece":4}'), text) is None


def test_the_first_rule_in_the_order_gives_the_verdict():
    both = dataclasses.replace(sampled("x = 1"), finish_reason="length")
    assert verdict_before(both) == "truncated"
    assert verdict_after(ran(given="{}", result="null")) == "empty_input"


def test_an_unreadable_tree_uses_nothing():
    broken = broken_after(candidate("def ("), ran(), PAPER)
    assert broken is not None
    assert (broken.verdict, broken.reason) == ("unused_input", "its syntax tree cannot be read")


def test_a_trivial_program():
    text = GOOD.replace("output = cost(**input)", "cost(**input)\noutput = 12")
    broken = broken_before(candidate(text), PAPER)
    assert broken is not None
    assert (broken.verdict, broken.reason) == (
        "trivial",
        "`output` is a constant: nothing is computed",
    )
    assert broken_before(candidate(text), Verify(trivial=False)) is None
    assert broken_before(candidate("def (\n" * 6), PAPER) is None


def runs(first=None, second=None, perturbed=(), text=GOOD):
    """Runs of GOOD: `perturbed` are pairs of a literal and an output, or an execution."""
    made = tuple(
        PerturbedRun(given, run if not isinstance(run, str) else ran(json.dumps(given), run))
        for given, run in perturbed
    )
    return Runs(first or ran(), second, literal_input(Source(text)), made)


def second(again, first=None):
    return broken_by_runs(candidate(), runs(first, again), Rerun.SECOND, PAPER)


def test_a_second_run_that_gives_the_same():
    assert second(ran()) is None


@pytest.mark.parametrize(
    ("again", "reason"),
    [
        (ran(result="13"), "`output` is 12, and 13 in a second run"),
        (
            ran('{"apples":3,"price":5}'),
            '`input` is {"apples":3,"price":4}, and {"apples":3,"price":5} in a second run',
        ),
        (failed(Outcome.EXCEPTION, "KeyError: 2"), "a second run: exception (KeyError: 2)"),
        (failed(Outcome.NO_OUTPUT, "none"), "a second run: no_output (none)"),
        (failed(Outcome.NOT_SERIALISABLE, "a set"), "a second run: not_serialisable (a set)"),
    ],
)
def test_a_second_run_that_gives_something_else(again, reason):
    broken = second(again)
    assert broken is not None
    assert (broken.verdict, broken.reason) == ("non_deterministic", reason)


@pytest.mark.parametrize(
    "outcome",
    [Outcome.CPU_TIMEOUT, Outcome.WALL_TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.KILLED],
)
def test_a_second_run_that_hits_a_limit_is_no_evidence(outcome):
    assert second(failed(outcome, "more than 5 s")) is None


def inputs(count):
    return [{"apples": 3 + i, "price": 4 + i} for i in range(1, count + 1)]


def suspected(found, settings=PAPER):
    return {v: s.proved for v, s in suspicions(candidate(), found, Rerun.PERTURBED, settings)}


def test_an_output_that_never_moves():
    given = inputs(10)
    found = runs(perturbed=[(g, "12") for g in given])
    assert suspected(found) == {"insensitive": True}
    broken = broken_by_runs(candidate(), found, Rerun.PERTURBED, PAPER)
    assert broken is not None
    assert broken.reason == "`output` is 12 for 10 other inputs too"
    assert suspected(runs(perturbed=[(g, "12.0") for g in given])) == {"insensitive": True}


def test_one_output_that_moves_is_enough():
    given = inputs(24)
    assert suspected(runs(perturbed=[(g, "12") for g in given[1:]] + [(given[0], "13")])) == {}


def test_too_few_runs_prove_nothing():
    assert suspected(runs()) == {"insensitive": False}
    assert suspected(runs(perturbed=[(g, "12") for g in inputs(9)])) == {"insensitive": False}
    found = runs(perturbed=[(g, "12") for g in inputs(2)])
    assert suspected(found, Verify(min_perturbed=2)) == {"insensitive": True}


def test_runs_that_failed_or_whose_input_did_not_move_are_no_evidence():
    error = failed(Outcome.EXCEPTION, "ValueError")
    still = [(g, ran()) for g in inputs(10)]
    broken = [(g, error) for g in inputs(10)]
    assert suspected(runs(perturbed=still)) == {"insensitive": False}
    assert suspected(runs(perturbed=broken)) == {"insensitive": False}


@pytest.mark.parametrize("result", ["true", '"yes"', '["a",false]', '{"valid":true}'])
def test_labels_are_not_judged(result):
    found = runs(ran(result=result), perturbed=[(g, result) for g in inputs(24)])
    assert suspected(found) == {}


@pytest.mark.parametrize(("result", "wide"), [
    ("1", False), ("0", False), ("-10", False), ("[0,true]", False), ("11", True), ("1.5", True),
    ('"5 km"', True), ('{"a":"x","b":12}', True),
])  # fmt: skip
def test_a_small_integer_takes_twice_the_evidence(result, wide):
    def proved(count):
        found = runs(ran(result=result), perturbed=[(g, result) for g in inputs(count)])
        return suspected(found)["insensitive"]

    assert [proved(count) for count in (9, 10, 19, 20)] == [False, wide, wide, True]


def test_a_text_that_the_program_holds_is_a_label():
    text = GOOD.replace("print(output)", "print(output, 'route 66')")
    found = runs(ran(result='"route 66"'), None, [(g, '"route 66"') for g in inputs(24)], text)
    assert suspected(found) == {}


def test_an_echo():
    found = runs(ran(result="4"), perturbed=[(g, str(g["price"])) for g in inputs(10)])
    assert suspected(found) == {"echo": True}
    broken = broken_by_runs(candidate(), found, Rerun.PERTURBED, PAPER)
    assert broken is not None
    assert broken.reason == "`output` is `input['price']` in all of 11 runs on different inputs"


def test_the_whole_input_may_be_the_echo():
    first = ran(result='{"price":4,"apples":3}')
    found = runs(first, perturbed=[(g, json.dumps(g)) for g in inputs(10)])
    assert suspected(found) == {"echo": True}


def test_an_answer_that_equals_an_input_once_is_none():
    first = ran(result="4")
    given = inputs(10)
    found = runs(first, perturbed=[(g, str(g["price"])) for g in given[1:]] + [(given[0], "4.5")])
    assert suspected(found) == {}
    # What was the price is now the number of apples: the larger of the two.
    swapped = [({"apples": 9, "price": 2}, "9")]
    assert suspected(runs(first, perturbed=swapped)) == {}


def test_an_echo_without_a_run_proves_nothing():
    assert suspected(runs(ran(result="4"))) == {"insensitive": False, "echo": False}


def test_an_input_that_hardly_moved_is_no_echo():
    given = [{"apples": 3 + i, "price": 4 + (i < 2)} for i in range(1, 12)]
    found = runs(ran(result="4"), perturbed=[(g, str(g["price"])) for g in given])
    assert suspected(found) == {"echo": False}


def test_a_printed_number_is_an_echo_and_a_truth_value_is_no_number():
    printed = runs(ran(result='"4"'), perturbed=[(g, f'"{g["price"]}"') for g in inputs(10)])
    assert suspected(printed) == {"echo": True}
    flags = [{"apples": 0, "price": 3 + i} for i in range(10)]
    false = runs(ran(result="false"), perturbed=[(g, "false") for g in flags])
    assert suspected(false) == {}


def test_without_a_literal_input_nothing_is_judged():
    text = GOOD.replace('{"apples": 3, "price": 4}', "dict(apples=3, price=4)")
    assert suspected(runs(ran(result="4"), text=text)) == {}


@pytest.mark.parametrize("verdict", list(RUNS))
def test_a_rule_that_is_switched_off_asks_for_nothing(verdict):
    off = Verify(**{verdict: False})
    assert verdict not in rules_asking_for(Rerun.SECOND, off) | rules_asking_for(
        Rerun.PERTURBED, off
    )
    assert verdict in rules_asking_for(Rerun.SECOND, PAPER) | rules_asking_for(
        Rerun.PERTURBED, PAPER
    )


def test_fewer_perturbations_than_it_takes_are_refused():
    with pytest.raises(ValidationError, match="must be at least `min_perturbed`"):
        Verify(perturbations=9)
