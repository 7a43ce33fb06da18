"""Each rule, at its edge: what it lets through and what it rejects, and in which order."""

import dataclasses

import pytest
from rows import GOOD, ran, sampled

from caco.config.verify import Verify
from caco.verify.rules import AFTER, BEFORE, broken_after, broken_before, longest_integer

PAPER = Verify()


def verdict_before(program, settings=PAPER):
    broken = broken_before(program, settings)
    return broken and broken.verdict


def verdict_after(run, text=GOOD, settings=PAPER):
    broken = broken_after(sampled(text), run, settings)
    return broken and broken.verdict


def test_the_defaults_are_the_papers():
    assert (PAPER.min_lines, PAPER.max_digits) == (6, 10_000)


def test_the_order_of_the_rules():
    assert list(BEFORE) == ["truncated", "too_few_lines"]
    assert list(AFTER) == ["empty_input", "empty_output", "too_many_digits", "unused_input"]


def test_a_good_program_breaks_no_rule():
    assert verdict_before(sampled()) is None
    assert verdict_after(ran()) is None


def test_a_truncated_generation():
    broken = broken_before(sampled("x = 1", finish_reason="length"), PAPER)
    assert broken is not None
    assert (broken.verdict, broken.reason) == (
        "truncated",
        "the generation ended at its limit of 64 tokens",
    )


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
    broken = broken_after(sampled(unused), run, PAPER)
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
