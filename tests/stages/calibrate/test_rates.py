"""Error rates of the checks, each on the rows that it is measured on, with intervals."""

import pytest

from caco.errors import UserError
from caco.grading.intervals import clustered, wilson
from caco.rows.calibration import PlantedVerdicts
from caco.stages.calibrate.rates import compute_rates, rates_text, read_rates, write_rates


def row(
    kind, answer="accepted", exact="accepted", judge=None, seed="r", stated="1", steps="accepted"
):
    return PlantedVerdicts("q", seed, kind, "?", "1", stated, answer, exact, steps, judge, "")


ROWS = [
    row("right", seed="a"),
    row("right", exact="ungrounded", seed="b"),
    row("list_same", exact="ungrounded", seed="a"),
    row("off_by_one", "wrong_answer", "wrong_answer", seed="a", stated="2"),
    row("off_by_one", seed="b", stated="3"),
    row("sign", "wrong_answer", "wrong_answer", seed="b"),
    row("list_member", seed="b"),
    row("altered_question", seed="a"),
    row("altered_question", exact="ungrounded", seed="b"),
    row("step_result", steps="false_statement", seed="a"),
    row("step_result", seed="b"),
    row("step_operand", steps="false_statement", seed="b"),
]


def test_each_check_is_measured_on_the_faults_that_it_can_detect():
    found = compute_rates(ROWS)
    assert (found.seeds, found.right, found.wrong) == (2, 3, 9)
    answer, exact, steps = found.checks
    # The answer check: not on questions. The others: not on outputs of other shapes.
    assert (answer.check, answer.false_accepts.count, answer.false_accepts.of) == ("answer", 2, 4)
    assert (exact.check, exact.false_accepts.count, exact.false_accepts.of) == ("exact", 2, 5)
    assert (answer.false_rejects.count, answer.false_rejects.of) == (0, 3)
    assert (exact.false_rejects.count, exact.false_rejects.of) == (1, 2)
    # The statement check: on steps alone, and right rows whose output was not replaced.
    assert (steps.check, steps.false_accepts.count, steps.false_accepts.of) == ("statements", 1, 3)
    assert (steps.false_rejects.count, steps.false_rejects.of) == (0, 2)


def test_intervals_are_those_of_the_bootstrap_over_seeds():
    rows = [
        row("sign", "accepted" if seed < wrong else "wrong_answer", seed=str(seed))
        for seed, wrong in enumerate([0, 2, 0, 5, 9, 0])
        for _ in range(3)
    ]
    (answer, *_) = compute_rates(rows).checks
    assert (answer.false_accepts.count, answer.false_accepts.of) == (9, 18)
    expected = clustered([(0, 3)] * 3 + [(3, 3)] * 3)
    assert (answer.false_accepts.low, answer.false_accepts.high) == expected
    none = compute_rates([row("sign", "wrong_answer", seed=str(s)) for s in range(20)] * 50)
    found = none.checks[0].false_accepts
    assert (found.of, found.low, found.high) == (1000, *wilson(0, 20))


def test_each_kind_has_its_rate_and_an_example_with_an_error_if_there_is_one():
    by_kind = {k.kind: k for k in compute_rates(ROWS).kinds}
    assert by_kind.keys() == {row.kind for row in ROWS}
    assert by_kind["off_by_one"].errors["answer"].count == 1
    assert by_kind["off_by_one"].example == "3 for 1"
    assert by_kind["altered_question"].errors.keys() == {"exact"}
    assert by_kind["list_member"].errors.keys() == {"answer"}
    assert by_kind["right"].errors["exact"].count == 1
    assert [k.kind for k in by_kind.values() if k.is_right] == ["right", "list_same"]


def test_the_llm_judge_is_measured_alone_and_with_the_exact_checks():
    judged = [
        row("right", judge="different_logic"),
        row("sign", "wrong_answer", "wrong_answer", judge="accepted"),
        row("altered_question", judge="unsolvable"),
    ]
    found = {c.check: c for c in compute_rates(judged).checks}
    assert list(found) == ["answer", "exact", "statements", "judge", "all"]
    assert (found["judge"].false_accepts.count, found["all"].false_accepts.count) == (1, 0)
    assert (found["judge"].false_rejects.count, found["all"].false_rejects.count) == (1, 1)


def test_rates_round_trip_through_their_file_and_print(tmp_path):
    write_rates(tmp_path / "rates.json", compute_rates(ROWS))
    found = read_rates(tmp_path / "rates.json")
    assert found == compute_rates(ROWS)
    text = rates_text(found)
    assert "3 right and 9 wrong rows of 2 seeds" in text
    assert "\nanswer     2 of 4, 50.0% (" in text


def test_the_text_lists_the_kinds_with_errors_right_kinds_apart_from_wrong_ones():
    text = rates_text(compute_rates(ROWS))
    right, wrong = text.split("Wrong rows by kind, accepted by the check 'answer': ")
    assert right.endswith("Right rows by kind, rejected by the check 'answer': 0 of 2 kinds\n")
    answer, exact = wrong.split("Wrong rows by kind, accepted by the check 'exact': ")
    counts, *listed = answer.splitlines()
    assert counts == "2 of 3 kinds"
    assert [line.split(": ")[1] for line in listed] == ["list_member", "off_by_one"]
    exact, false = exact.split("Wrong rows by kind, accepted by the check 'statements': ")
    assert false.startswith("1 of 2 kinds\n  1 of 2, 50.0% (")
    assert exact.startswith("1 of 1 kinds\n  1 of 2, 50.0% (")
    assert exact.endswith("): altered_question\n")


def test_rates_without_rows_have_no_proportion():
    assert "answer     0 of 0 " in rates_text(compute_rates([]))


def test_another_file_is_reported(tmp_path):
    (tmp_path / "rates.json").write_text("[]")
    with pytest.raises(UserError, match="not a file of rates"):
        read_rates(tmp_path / "rates.json")
