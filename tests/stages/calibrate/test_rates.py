"""Error rates of the checks, each on the rows that it is measured on, with intervals."""

import pytest

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.rows.calibration import PlantedVerdicts
from caco.stages.calibrate.rates import compute_rates, rates_text, read_rates, write_rates


def row(kind, answer="accepted", exact="accepted", judge=None):
    return PlantedVerdicts("q", "r", kind, "?", "1", "1", answer, exact, judge, "")


ROWS = [
    row("right"),
    row("right", exact="ungrounded"),
    row("off_by_one", "wrong_answer", "wrong_answer"),
    row("off_by_one"),
    row("sign", "wrong_answer", "wrong_answer"),
    row("altered_question"),
    row("altered_question", exact="ungrounded"),
]


def test_the_answer_check_is_measured_on_wrong_answers_alone():
    found = compute_rates(ROWS)
    assert (found.right, found.wrong) == (2, 5)
    answer, exact = found.checks
    assert (answer.check, answer.false_accepts.count, answer.false_accepts.of) == ("answer", 1, 3)
    assert (exact.check, exact.false_accepts.count, exact.false_accepts.of) == ("exact", 2, 5)
    assert (answer.false_rejects.count, exact.false_rejects.count) == (0, 1)
    assert (answer.false_accepts.low, answer.false_accepts.high) == wilson(1, 3)


def test_each_kind_is_counted_separately():
    by_kind = {k.kind: k for k in compute_rates(ROWS).kinds}
    assert list(by_kind) == ["right", "off_by_one", "sign", "altered_question"]
    assert by_kind["off_by_one"].accepted["answer"].count == 1
    assert by_kind["altered_question"].fault == "question"
    assert by_kind["altered_question"].accepted["answer"].count == 2


def test_the_llm_judge_is_measured_alone_and_with_the_exact_checks():
    judged = [
        row("right", judge="different_logic"),
        row("sign", "wrong_answer", "wrong_answer", judge="accepted"),
        row("altered_question", judge="unsolvable"),
    ]
    found = {c.check: c for c in compute_rates(judged).checks}
    assert list(found) == ["answer", "exact", "judge", "all"]
    assert (found["judge"].false_accepts.count, found["all"].false_accepts.count) == (1, 0)
    assert (found["judge"].false_rejects.count, found["all"].false_rejects.count) == (1, 1)


def test_rates_round_trip_through_their_file_and_print(tmp_path):
    write_rates(tmp_path / "rates.json", compute_rates(ROWS))
    found = read_rates(tmp_path / "rates.json")
    assert found == compute_rates(ROWS)
    text = rates_text(found)
    assert "2 right and 5 wrong rows" in text
    assert "answer  1 of 3, 33.3% (6.1 to 79.2)" in text


def test_rates_without_rows_have_no_proportion():
    assert "answer  0 of 0 " in rates_text(compute_rates([]))


def test_another_file_is_reported(tmp_path):
    (tmp_path / "rates.json").write_text("[]")
    with pytest.raises(UserError, match="not a file of rates"):
        read_rates(tmp_path / "rates.json")
