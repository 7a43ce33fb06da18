"""Each rule at its boundary, and the order of the rules."""

import dataclasses
import json

import pytest
from pydantic import ValidationError
from tests.stages.verify.rows import GOOD, candidate, failed, ran, sampled

from caco.config.checks import Verify
from caco.sandbox.protocol import Outcome
from caco.stages.verify.rerun_rules import (
    RERUN_RULES,
    PerturbedRun,
    Runs,
    rerun_violation,
    suspicions,
    switched_on,
)
from caco.stages.verify.rules import (
    RESULT_RULES,
    TEXT_RULES,
    Candidate,
    longest_integer,
    result_violation,
    text_violation,
)
from caco.stages.verify.second_runs import different
from caco.stages.verify.source import Source, literal_input

DEFAULTS = Verify()


def text_verdict(program, settings=DEFAULTS):
    violation = text_violation(Candidate(program, Source(program.program)), settings)
    return violation and violation.verdict


def result_verdict(run, text=GOOD, settings=DEFAULTS):
    violation = result_violation(candidate(text), run, settings)
    return violation and violation.verdict


def test_the_default_thresholds():
    assert (DEFAULTS.min_lines, DEFAULTS.max_digits) == (4, 10_000)


def test_the_order_of_the_rules():
    assert list(TEXT_RULES) == ["truncated", "too_few_lines", "trivial"]
    assert list(RESULT_RULES) == ["empty_input", "empty_output", "too_many_digits", "unused_input"]
    assert list(RERUN_RULES) == ["insensitive", "echo"]
    assert set(RERUN_RULES) <= set(Verify.model_fields)  # each has a switch of its name


def test_a_good_program_violates_no_rule():
    assert text_verdict(sampled()) is None
    assert result_verdict(ran()) is None


def test_a_truncated_generation():
    violation = text_violation(candidate("x = 1", finish_reason="length"), DEFAULTS)
    assert violation is not None
    assert (violation.verdict, violation.reason) == (
        "truncated",
        "the generation ended at its limit of 64 tokens",
    )
    late = text_violation(candidate("x = 1", finish_reason="time"), DEFAULTS)
    assert late is not None and late.reason == "the generation ended at its limit of time"


def test_too_few_lines_counts_statements_only():
    four = "\n".join(f"x{i} = {i}" for i in range(4))
    three = "import math\n# one\n\n" + "\n".join(f"x{i} = {i}" for i in range(3))
    assert text_verdict(sampled(four)) is None
    assert text_verdict(sampled(three)) == "too_few_lines"
    assert text_verdict(sampled(three), Verify(min_lines=3)) is None


@pytest.mark.parametrize(
    "text",
    [
        'input = {"n": 4}\ndef f(n): return n * n\noutput = f(**input)\nprint(output)\n',
        'input = {"n": 4}; f = lambda n: n * n; output = f(**input); print(output)',
        'input = {"n": 4}\ndef f(n): return n * n\noutput = f(**input)\n',
    ],
)
def test_a_one_line_function_is_enough(text):
    assert text_verdict(sampled(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "input = {}; output = 3; print(output)",
        'import math\ninput = {\n    "a": 1,\n    "b": 2,\n}\noutput = (\n    3\n)\nprint(output)',
        '"""Three\nlines\n"""\ninput = {"a": 1}\npass\noutput = input["a"]\nprint(output)\n',
    ],
)
def test_no_layout_makes_an_empty_shell_long_enough(text):
    assert text_verdict(sampled(text)) == "too_few_lines"


def test_a_text_that_does_not_parse_is_left_to_the_sandbox():
    assert text_verdict(sampled("x = (")) is None


@pytest.mark.parametrize("given", ["{}", "[]", "[1]", "3", '"text"', "null"])
def test_an_input_without_keys_is_empty(given):
    assert result_verdict(ran(input_json=given)) == "empty_input"


@pytest.mark.parametrize("result", ["null", '""', '"  "', "[]", "{}"])
def test_an_empty_output(result):
    assert result_verdict(ran(result=result)) == "empty_output"


@pytest.mark.parametrize("result", ["0", "false", "0.0", '"0"', "[0]", '"\u00e4"'])
def test_zero_and_false_are_not_empty(result):
    assert result_verdict(ran(result=result)) is None


def test_integers_of_more_than_ten_thousand_digits():
    most, more = "9" * 10_000, "9" * 10_001
    assert result_verdict(ran(result=most)) is None
    assert result_verdict(ran(result=f"-{most}")) is None
    assert result_verdict(ran(result=more)) == "too_many_digits"
    assert result_verdict(ran(result=f'{{"a":[1,-{more}]}}')) == "too_many_digits"
    assert result_verdict(ran(input_json=f'{{"apples":{more},"price":1}}')) == "too_many_digits"
    assert result_verdict(ran(result="12"), settings=Verify(max_digits=1)) == "too_many_digits"


def test_longest_integer_ignores_other_values():
    assert longest_integer('{"1234":["12345",1.2345678,-12,true]}') == 2


def test_every_key_of_input_must_be_used():
    unused = GOOD.replace('"price": 4', '"price": 4, "colour": 5').replace("**input", "3, 4")
    run = ran(input_json='{"apples":3,"colour":5,"price":4}')
    violation = result_violation(candidate(unused), run, DEFAULTS)
    assert violation is not None
    assert (violation.verdict, violation.reason) == (
        "unused_input",
        "the key 'colour' of `input` is not used",
    )
    assert result_verdict(run, unused, Verify(unused_inputs=False)) is None


def test_a_subscript_is_a_use():
    text = GOOD.replace("**input", 'input["apples"], input["cost per piece"]')
    assert result_verdict(ran(input_json='{"apples":3,"cost per piece":4}'), text) is None


def test_the_first_rule_in_the_order_gives_the_verdict():
    both = dataclasses.replace(sampled("x = 1"), finish_reason="length")
    assert text_verdict(both) == "truncated"
    assert result_verdict(ran(input_json="{}", result="null")) == "empty_input"


def test_a_program_that_does_not_parse_uses_no_input():
    violation = result_violation(candidate("def ("), ran(), DEFAULTS)
    assert violation is not None
    assert (violation.verdict, violation.reason) == ("unused_input", "the program cannot be parsed")


def test_a_trivial_program():
    text = GOOD.replace("output = cost(**input)", "cost(**input)\noutput = 12")
    violation = text_violation(candidate(text), DEFAULTS)
    assert violation is not None
    assert (violation.verdict, violation.reason) == (
        "trivial",
        "`output` is a constant: nothing is computed",
    )
    assert text_violation(candidate(text), Verify(trivial=False)) is None
    assert text_violation(candidate("def (\n" * 6), DEFAULTS) is None


def runs(first=None, perturbed=(), text=GOOD):
    """Runs of GOOD: `perturbed` are pairs of a literal and an output, or an execution."""
    perturbed_runs = tuple(
        PerturbedRun(value, run if not isinstance(run, str) else ran(json.dumps(value), run))
        for value, run in perturbed
    )
    return Runs(first or ran(), literal_input(Source(text)), perturbed_runs)


def test_an_equal_second_run():
    assert different(ran(), ran()) is None


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
def test_a_different_second_run(again, reason):
    assert different(ran(), again) == reason


@pytest.mark.parametrize(
    "outcome",
    [Outcome.CPU_TIMEOUT, Outcome.WALL_TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.KILLED],
)
def test_a_second_run_that_hits_a_limit_is_no_evidence(outcome):
    assert different(ran(), failed(outcome, "more than 5 s")) is None


def inputs(count):
    return [{"apples": 3 + i, "price": 4 + i} for i in range(1, count + 1)]


def suspected(found, settings=DEFAULTS):
    return {v: s.proved for v, s in suspicions(candidate(), found, settings)}


def test_an_output_that_never_changes():
    given = inputs(10)
    found = runs(perturbed=[(g, "12") for g in given])
    assert suspected(found) == {"insensitive": True}
    violation = rerun_violation(candidate(), found, DEFAULTS)
    assert violation is not None
    assert violation.reason == "`output` is 12 for 10 other inputs too"
    assert suspected(runs(perturbed=[(g, "12.0") for g in given])) == {"insensitive": True}


def test_one_changed_output_is_enough():
    given = inputs(24)
    assert suspected(runs(perturbed=[(g, "12") for g in given[1:]] + [(given[0], "13")])) == {}


def test_too_few_runs_prove_nothing():
    assert suspected(runs()) == {"insensitive": False}
    assert suspected(runs(perturbed=[(g, "12") for g in inputs(9)])) == {"insensitive": False}
    found = runs(perturbed=[(g, "12") for g in inputs(2)])
    assert suspected(found, Verify(min_perturbed=2)) == {"insensitive": True}


def test_failed_runs_and_runs_on_an_unchanged_input_are_no_evidence():
    error = failed(Outcome.EXCEPTION, "ValueError")
    unchanged = [(g, ran()) for g in inputs(10)]
    errors = [(g, error) for g in inputs(10)]
    assert suspected(runs(perturbed=unchanged)) == {"insensitive": False}
    assert suspected(runs(perturbed=errors)) == {"insensitive": False}


@pytest.mark.parametrize("result", ["true", '"yes"', '["a",false]', '{"valid":true}'])
def test_labels_are_exempt(result):
    found = runs(ran(result=result), perturbed=[(g, result) for g in inputs(24)])
    assert suspected(found) == {}


@pytest.mark.parametrize(("result", "wide"), [
    ("1", False), ("0", False), ("-10", False), ("[0,true]", False), ("11", True), ("1.5", True),
    ('"5 km"', True), ('{"a":"x","b":12}', True),
])  # fmt: skip
def test_a_small_integer_needs_twice_as_many_runs(result, wide):
    def proved(count):
        found = runs(ran(result=result), perturbed=[(g, result) for g in inputs(count)])
        return suspected(found)["insensitive"]

    assert [proved(count) for count in (9, 10, 19, 20)] == [False, wide, wide, True]


def test_a_string_constant_of_the_program_is_a_label():
    text = GOOD.replace("print(output)", "print(output, 'route 66')")
    found = runs(ran(result='"route 66"'), [(g, '"route 66"') for g in inputs(24)], text)
    assert suspected(found) == {}


def test_an_echo():
    found = runs(ran(result="4"), perturbed=[(g, str(g["price"])) for g in inputs(10)])
    assert suspected(found) == {"echo": True}
    violation = rerun_violation(candidate(), found, DEFAULTS)
    assert violation is not None
    assert violation.reason == "`output` is `input['price']` in all of 11 runs on different inputs"


def test_the_whole_input_may_be_the_echo():
    first = ran(result='{"price":4,"apples":3}')
    found = runs(first, perturbed=[(g, json.dumps(g)) for g in inputs(10)])
    assert suspected(found) == {"echo": True}


def test_an_output_that_equals_an_input_by_chance_is_no_echo():
    first = ran(result="4")
    given = inputs(10)
    found = runs(first, perturbed=[(g, str(g["price"])) for g in given[1:]] + [(given[0], "4.5")])
    assert suspected(found) == {}
    # The output is the maximum: here the number of apples, not the price.
    swapped = [({"apples": 9, "price": 2}, "9")]
    assert suspected(runs(first, perturbed=swapped)) == {}


def test_an_echo_without_perturbed_runs_is_not_proved():
    assert suspected(runs(ran(result="4"))) == {"insensitive": False, "echo": False}


def test_an_input_that_rarely_changed_is_not_proved():
    given = [{"apples": 3 + i, "price": 4 + (i < 2)} for i in range(1, 12)]
    found = runs(ran(result="4"), perturbed=[(g, str(g["price"])) for g in given])
    assert suspected(found) == {"echo": False}


def test_a_printed_number_is_an_echo_and_a_truth_value_is_no_number():
    printed = runs(ran(result='"4"'), perturbed=[(g, f'"{g["price"]}"') for g in inputs(10)])
    assert suspected(printed) == {"echo": True}
    flags = [{"apples": 0, "price": 3 + i} for i in range(10)]
    false = runs(ran(result="false"), perturbed=[(g, "false") for g in flags])
    assert suspected(false) == {}


def test_without_a_literal_input_no_rule_applies():
    text = GOOD.replace('{"apples": 3, "price": 4}', "dict(apples=3, price=4)")
    assert suspected(runs(ran(result="4"), text=text)) == {}


@pytest.mark.parametrize("verdict", list(RERUN_RULES))
def test_a_disabled_rule_needs_no_runs(verdict):
    off = Verify(**{verdict: False})
    assert verdict not in switched_on(off)
    assert verdict in switched_on(DEFAULTS)


def test_fewer_perturbations_than_the_minimum_are_an_error():
    with pytest.raises(ValidationError, match="must be at least `min_perturbed`"):
        Verify(perturbations=9)
