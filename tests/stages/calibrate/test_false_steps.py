"""False steps: planted in true statements alone, one a row, and found by the statement check."""

from random import Random

import pytest

from caco.stages.calibrate.false_steps import FALSE_STEPS, false_steps
from caco.statements.read import statements

STEPS = "3 * 4 = 12 pens. 12 - 5 = 7. 7 < 12. 7 is odd.\n"


def test_each_kind_makes_one_statement_false():
    assert all(statement.holds for statement in statements(STEPS))
    found = dict(false_steps(STEPS, Random(1)))
    assert found.keys() == FALSE_STEPS.keys()
    for kind, text in found.items():
        assert [s.holds for s in statements(text)].count(False) == 1, (kind, text)
    assert found["step_comparison"] == STEPS.replace("<", ">")
    assert found["step_parity"] == STEPS.replace("odd", "even")


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
