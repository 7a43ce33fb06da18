"""False steps: planted in true statements alone, one a row, and found by the statement check."""

import re
from random import Random

import pytest

from caco.stages.calibrate.false_steps import FALSE_STEPS, false_steps
from caco.statements.read import statements

STEPS = "3 * 4 = 12 pens. 12 - 5 = 7. 7 < 12. 7 is odd. 48 / 2 = 24. 2 * 30 = 60. 3 * 12 = 36.\n"


def test_each_kind_makes_one_statement_false():
    assert all(statement.holds for statement in statements(STEPS))
    found = dict(false_steps(STEPS, Random(1)))
    assert found.keys() == FALSE_STEPS.keys()
    # A program with a made-up output states nothing.
    assert re.search(
        r"^```python\nprint\(.+\)\n```\n```output\n\d+\n```", found.pop("step_code"), re.M
    )
    for kind, text in found.items():
        assert [s.holds for s in statements(text)].count(False) == 1, (kind, text)
    assert found["step_comparison"] == STEPS.replace("<", ">")
    assert found["step_parity"] == STEPS.replace("odd", "even")


def test_an_equation_is_put_into_words_with_another_result():
    for seed in range(20):
        found = dict(false_steps(STEPS, Random(seed)))
        for kind, pattern, right in (
            ("step_half", r"Half of (48) is (\d+)\.", lambda n: n / 2),
            ("step_twice", r"Twice (30) is (\d+)\.", lambda n: 2 * n),
            ("step_dozen", r"(3) dozen is (\d+)\.", lambda n: 12 * n),
        ):
            number, result = map(int, re.findall(pattern, found[kind])[0])
            assert result != right(number)
        words = re.findall(r"(\d+) is (\d+) times as many as (\d+)", found["step_times_as_many"])
        product, factor, number = map(int, words[0])
        assert product != factor * number
        assert re.search(r"Three times four is thirteen|Twelve minus five is eight",
                         found["step_number_words"])  # fmt: skip


# Equations of GSM8K's solutions within a clause: in their place, words would state nothing.
WITHIN_A_CLAUSE = [
    "He writes each friend 3*2=6 pages a week\nThat means he writes 12*52=624 pages a year\n",
    "If John also took twice as many hats, he took 2*6 = 12 green hard hats\n",
    "There are 3*12=36 eggs in 3 boxes, and 48/2 = 24 are left.\nSo it is 36-24 = 12 eggs\n",
]


@pytest.mark.parametrize("steps", WITHIN_A_CLAUSE)
def test_words_are_a_sentence_of_their_own_after_the_line_of_the_equation(steps):
    lines = steps.splitlines()
    for seed in range(10):
        for kind, text in false_steps(steps, Random(seed)):
            if kind in ("step_result", "step_operand", "step_code"):
                continue
            added = [line for line in text.splitlines() if line not in lines]
            assert [line for line in text.splitlines() if line in lines] == lines, (kind, text)
            assert len(added) == 1 and added[0][-1] == ".", (kind, text)
            assert [s.holds for s in statements(added[0])] == [False], (kind, text)
            assert [s.holds for s in statements(text)].count(False) == 1, (kind, text)


@pytest.mark.parametrize(
    "worded",
    [
        "half of 48 is {}", "twice 12 is {}", "2 dozen is {}", "{} is 3 times as many as 8",
        "{} is twice as many as 12", "{} is half as many as 48", "20 plus 4 is {}",
    ],
)  # fmt: skip
def test_a_true_statement_in_words_is_computed_as_true(worded):
    assert [s.holds for s in statements(worded.format(24))] == [True]
    assert [s.holds for s in statements(worded.format(25))] == [False]


@pytest.mark.parametrize(
    "steps",
    [
        "Half of 48 is 24.",  # no digits and operator
        "3 * 4 = 13.",  # false already
        "2 + 3 * 4 = 14.",  # a part of an expression
        "3 * 4 = 12 + 5.",  # a chain
        "1.5 * 4 = 6.",
        "x < 12.",
        "3 + 7 < 12.",
        "12 < 7. 7 is even.",  # false already
        "3 * 0 = 0.",  # true with another operand
        f"{'9' * 5_000} + 1 = 2.",
    ],
)
def test_nothing_else_is_changed(steps):
    assert list(false_steps(steps, Random(1))) == []
