"""Every kind of planted answer: the grader rejects the wrong ones and accepts the right ones.

The kinds that it gets wrong are expected to fail (`grader_errors.ERRS`).
"""

import json
from collections import Counter
from dataclasses import replace

import pytest
from tests.stages.calibrate.grader_errors import ERRS

from caco.answers.extraction import final_answer
from caco.grading.grader import Grader
from caco.rows.calibration import Planted
from caco.stages.calibrate.false_steps import FALSE_STEPS
from caco.stages.calibrate.kinds import KINDS, RIGHT, RIGHT_FAULTS, Fault
from caco.stages.calibrate.notations import NOTATIONS
from caco.stages.calibrate.plant import planted, steps
from caco.stages.calibrate.planted_answers import STATEMENTS, Rotation, statements
from caco.stages.calibrate.shapes import SHAPED
from caco.stages.calibrate.statements import RIGHT_STATEMENTS, WRONG_STATEMENTS
from caco.stages.calibrate.wrong_numbers import WRONG_NUMBERS

SEED = 6
FROM_QUESTIONS = {"mutated_question", "swapped_program", "altered_question", "missing_value"}


@pytest.fixture(scope="module")
def by_kind(varied):
    found: dict[str, list[Planted]] = {}
    for row in varied:
        for kind, stated in statements(row, steps(row), SEED).items():
            found.setdefault(kind, []).append(planted(row, kind, stated))
    return found


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=30) as found:
        yield found


def test_every_kind_has_a_function_and_a_fault(by_kind):
    assert STATEMENTS.keys() | FALSE_STEPS.keys() | FROM_QUESTIONS | {RIGHT} == KINDS.keys()
    assert by_kind.keys() == STATEMENTS.keys()
    for kinds, fault in (
        (NOTATIONS.keys() | RIGHT_STATEMENTS.keys(), Fault.NONE),
        (WRONG_NUMBERS.keys() | WRONG_STATEMENTS.keys(), Fault.ANSWER),
    ):
        assert {KINDS[kind] for kind in kinds} == {fault}
    assert {KINDS[kind] for kind in SHAPED} == {Fault.SHAPED_NONE, Fault.SHAPED_ANSWER}


def test_there_are_dozens_of_kinds_of_wrong_and_of_right_answers():
    faults = Counter(KINDS.values())
    assert faults[Fault.ANSWER] >= 100
    assert faults[Fault.SHAPED_ANSWER] >= 40
    assert faults[Fault.NONE] >= 50
    assert faults[Fault.SHAPED_NONE] >= 40


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_grader_accepts_a_kind_if_and_only_if_it_is_right(kind, by_kind, grader, request):
    if kind in ERRS:
        request.applymarker(pytest.mark.xfail(reason=ERRS[kind], strict=True))
    erred = {
        (row.question, row.output, row.solution[-120:]): grade.reason
        for row in by_kind[kind]
        for grade in [grader.grade_output(row.output, row.solution, row.question)]
        if (grade.verdict == "correct") != (KINDS[kind] in RIGHT_FAULTS)
    }
    assert erred == {}


def test_the_known_right_rows_are_accepted(varied, grader):
    for row in varied:
        assert grader.grade_output(row.output, row.solution, row.question).verdict == "correct"


def test_a_boxed_answer_is_the_one_that_the_row_states(by_kind):
    boxed = STATEMENTS.keys() - RIGHT_STATEMENTS.keys() - WRONG_STATEMENTS.keys()
    for kind in boxed:
        for row in by_kind[kind]:
            assert final_answer(row.solution) == row.answer


def test_a_shape_replaces_the_output_alone(by_kind, varied):
    right = {row.right_id: row for row in varied}
    for kind in SHAPED:
        for row in by_kind[kind]:
            original = right[row.right_id]
            json.loads(row.output)
            assert row.program == original.program
            assert (row.question, row.input) == (original.question, original.input)
    interval = {
        row.answer: row for kind in SHAPED if kind == "interval_end" for row in by_kind[kind]
    }
    assert interval["[12, 18)"].output == '"[12, 17)"'


def test_the_same_rows_give_the_same_answers(varied):
    row = varied[0]
    assert statements(row, steps(row), SEED) == statements(row, steps(row), SEED)
    others = [statements(row, steps(row), seed)["digit_changed"] for seed in range(9)]
    assert len({other.answer for other in others}) > 1


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("What percentage of the jars is that?", {"percent", "percent_word", "decimal_percent"}),
        ("How many thousand jars are there?", {"thousand", "letter_k"}),
        ("How many pairs of jars are there?", {"pairs"}),
        ("What is the ratio of jars to lids?", {"ratio", "ratio_to_one", "clock"}),
        ("What is the least number of jars?", {"at_least", "greater_or_equal", "inequality"}),
    ],
)
def test_what_the_question_allows_is_not_planted_as_a_fault(question, absent, varied):
    row = next(row for row in varied if row.answer == "12")
    asked = statements(replace(row, question=question), steps(row), SEED)
    assert absent & asked.keys() == set()
    assert absent <= statements(row, steps(row), SEED).keys()


def test_other_units_are_planted_where_the_question_asks_for_one(varied):
    def found(question):
        row = next(row for row in varied if row.answer == "12")
        return statements(replace(row, question=question), steps(row), SEED)

    units = {"other_unit", "other_dimension", "inch_mark"}
    assert units & found("How many jars are there?").keys() == set()
    assert found("How many feet long is it?").keys() & units == units
    minutes = found("A film has 2 parts, one hour each. How many minutes is that?")
    assert minutes["other_unit"].answer in ("12 seconds", "12 days", "12 weeks")
    assert minutes["other_dimension"].answer.split()[1] in (
        "inches", "feet", "yards", "miles", "meters", "kilometers", "grams", "kilograms", "pounds",
    )  # fmt: skip


def test_an_answer_that_is_no_number_has_no_planted_answers(varied):
    assert statements(replace(varied[0], answer="abc"), "", SEED) == {}


def test_the_rotation_gives_each_kind_as_many_rows_and_each_row_at_most_forty(varied):
    rotation = Rotation(SEED)
    counts: Counter[str] = Counter()
    row = next(row for row in varied if row.answer == "12")
    for _ in range(30):
        chosen = [k for k, _ in rotation.chosen(row, statements(row, steps(row), SEED))]
        assert len(chosen) == len(set(chosen)) == 40
        counts.update(chosen)
    assert max(counts.values()) - min(counts.values()) <= 1
