import json
from itertools import combinations

import pytest

from caco.errors import UserError
from caco.rows.graded import Graded
from caco.rows.table import write_rows
from caco.stages.bench import scores as scoring
from caco.stages.bench.scores import (
    pass_at_k,
    read_scores,
    scores_text,
    write_scores,
)


def graded(model, verdicts, benchmark="math", second="correct", false=0, sample=0):
    return [
        Graded(
            benchmark, model, f"p{i}", "?", "1", sample, "1", "1", verdict, "", second, 3, false, 1,
            "stop",
        )
        for i, verdict in enumerate(verdicts)
    ]  # fmt: skip


RIGHT, WRONG = "correct", "wrong"


def compare(rows, published=None):
    return scoring.compare(rows, published or {})


def test_a_score_counts_verdicts_and_has_wilsons_interval():
    (score,) = compare(graded("base", [RIGHT, WRONG, "no_answer", WRONG])).scores
    assert (score.n, score.correct, score.accuracy) == (4, 1, 0.25)
    assert score.verdicts == {"correct": 1, "no_answer": 1, "wrong": 2}
    # Wilson's formula by hand for 1 of 4, z = 1.96.
    assert (score.low, score.high) == pytest.approx((0.0456, 0.6994), abs=1e-4)


def test_a_right_answer_after_a_false_statement_is_not_sound():
    rows = graded("base", [RIGHT, WRONG]) + graded("student", [RIGHT, RIGHT])[:1]
    rows += graded("student", [RIGHT, RIGHT], false=1)[1:]
    scores = compare(rows)
    assert [(s.correct, s.sound) for s in scores.scores] == [(1, 1), (2, 1)]
    text = scores_text(scores)
    assert "math, student: 2 of 2 right, 100.0% (34.2 to 100.0); 1 of these without a false" in text
    assert "math, student minus base: +50.0 points" in text and "), p = 1\n" in text


def test_disagreements_of_the_graders_and_undecided_answers_are_counted_and_listed():
    rows = graded("base", [RIGHT, "undecided", WRONG]) + graded(
        "student", [WRONG] * 3, second=WRONG
    )
    scores = compare([*rows, *graded("student", ["undecided"], "b", second=WRONG)])
    assert [(s.second_correct, s.disagreements) for s in scores.scores] == [(0, 0), (3, 2), (0, 0)]
    assert [(c.benchmark, c.problem_id, c.verdict) for c in scores.open_cases] == [
        ("b", "p0", "undecided"), ("math", "p1", "undecided"), ("math", "p2", "wrong"),
    ]  # fmt: skip
    many = compare(graded("base", ["undecided"] * 300))
    assert len(many.open_cases) == 100
    assert many.scores[0].disagreements == 300


def test_the_difference_pairs_problems_whatever_their_order():
    base = graded("base", [RIGHT, RIGHT, WRONG, WRONG, WRONG])
    student = graded("student", [RIGHT, WRONG, RIGHT, RIGHT, WRONG])
    (difference,) = compare([*base, *student[::-1]]).differences
    assert (difference.student_better, difference.other_better, difference.equal) == (2, 1, 2)
    assert difference.difference == pytest.approx(0.2)
    assert difference.low < 0.2 < difference.high
    assert difference.p == 1.0


def test_a_problem_that_occurs_twice_is_two_problems():
    rows = [r for m in ("base", "student") for r in graded(m, [RIGHT]) + graded(m, [WRONG])]
    (difference,) = compare(rows).differences
    assert (difference.n, difference.equal, difference.difference) == (2, 2, 0)


def test_benchmarks_are_scored_separately_and_sorted():
    rows = graded("base", [RIGHT], "z") + graded("base", [WRONG], "a")
    rows += graded("student", [RIGHT], "a")
    scores = compare(rows)
    assert [(s.benchmark, s.model) for s in scores.scores] == [
        ("a", "base"), ("a", "student"), ("z", "base"),
    ]  # fmt: skip
    assert [d.benchmark for d in scores.differences] == ["a"]


def test_models_that_answered_different_problems_are_not_compared():
    rows = graded("base", [RIGHT, RIGHT]) + graded("student", [RIGHT])
    with pytest.raises(UserError, match=r"benchmark math: .* different problems \(1 "):
        compare(rows)


def test_the_student_is_compared_with_each_ablation_which_changes_no_other_comparison():
    rows = [
        row
        for name, right in (("b1", 6), ("b2", 9))
        for model, correct in (("base", 0), ("student", right))
        for row in graded(model, [RIGHT] * correct + [WRONG] * (10 - correct), name)
    ]
    alone = compare(rows).differences
    six = [RIGHT] * 6 + [WRONG] * 4
    seeds = [row for name in ("b1", "b2") for row in graded("seeds", six, name)]
    scores = compare(rows + seeds)
    assert scores.differences[:2] == alone
    found = [(d.benchmark, d.other, d.student_better, d.other_better) for d in scores.differences]
    assert found == [
        ("b1", "base", 6, 0), ("b2", "base", 9, 0), ("b1", "seeds", 0, 0), ("b2", "seeds", 3, 0),
    ]  # fmt: skip
    assert [d.p_holm for d in scores.differences[2:]] == pytest.approx([1.0, 2 * 0.25])
    assert "b2, student minus seeds: +30.0 points" in scores_text(scores)
    with pytest.raises(UserError, match=r"benchmark b1: seeds and student answered different"):
        compare(rows + seeds[1:])


def several(model, right, benchmark="math"):
    """Four answers to each problem, of which the first `right[i]` are correct, sample by sample."""
    return [
        row
        for sample in range(4)
        for row in graded(
            model, [RIGHT if sample < n else WRONG for n in right], benchmark, sample=sample
        )
    ]


@pytest.mark.parametrize(
    ("correct", "k", "expected"),
    [(0, 2, 0.0), (1, 1, 0.25), (1, 2, 0.5), (2, 2, 5 / 6), (3, 2, 1.0), (1, 4, 1.0)],
)
def test_pass_at_k_is_the_share_of_the_sets_with_a_correct_answer(correct, k, expected):
    outcomes = [True] * correct + [False] * (4 - correct)
    sets = list(combinations(outcomes, k))
    assert sum(map(any, sets)) / len(sets) == pytest.approx(expected)
    assert pass_at_k(4, correct, k) == pytest.approx(expected)


def test_several_answers_to_a_problem_give_pass_at_k():
    (score,) = compare(several("base", [0, 1, 2, 4])).scores
    assert (score.n, score.samples, score.correct, score.accuracy) == (4, 4, 7, 7 / 16)
    assert {p.k: p.value for p in score.pass_at} == pytest.approx(
        {2: (0.5 + 5 / 6 + 1) / 4, 4: 0.75}
    )
    assert all(0 <= p.low < p.value < p.high <= 1 for p in score.pass_at)
    assert score.low < 7 / 16 < score.high
    text = scores_text(compare(several("base", [0, 1, 2, 4])))
    assert "base: 7 of 16 right, 43.8% (" in text and "; pass@2 58.3% (" in text


def test_one_answer_to_a_problem_has_no_pass_at_k():
    assert compare(graded("base", [RIGHT])).scores[0].pass_at == []


def test_the_difference_of_several_answers_is_that_of_the_shares():
    rows = several("base", [0, 1, 2, 4]) + several("student", [4, 2, 2, 3])
    (difference,) = compare(rows).differences
    assert (difference.student_better, difference.other_better, difference.equal) == (2, 1, 1)
    assert difference.difference == pytest.approx(4 / 16)
    assert difference.low < 0.25 < difference.high
    # Differences 4, 1, 0, -1; of the signs of 4, 1 and 1, six of eight give a sum of 4 or more.
    assert difference.p == pytest.approx(6 / 8)


def test_models_with_other_numbers_of_answers_are_not_compared():
    with pytest.raises(UserError, match="the base has 1 answers to a problem, the student 4"):
        compare(graded("base", [RIGHT] * 4) + several("student", [1, 1, 1, 1]))


def test_p_values_are_corrected_for_the_number_of_benchmarks():
    rows = [
        row
        for name, right in (("a", 6), ("b", 8))
        for model, verdicts in (
            ("base", [WRONG] * 9),
            ("student", [RIGHT] * right + [WRONG] * (9 - right)),
        )
        for row in graded(model, verdicts, name)
    ]
    scores = compare(rows)
    assert [d.p for d in scores.differences] == pytest.approx([2 / 2**6, 2 / 2**8])
    assert [d.p_holm for d in scores.differences] == pytest.approx([2 / 2**6, 4 / 2**8])
    assert "p = 0.0078, 0.016 by Holm" in scores_text(scores)


def test_scores_round_trip_through_their_file(tmp_path):
    files = []
    for model, verdicts in (("base", [RIGHT, WRONG]), ("student", [RIGHT, RIGHT])):
        files.append(tmp_path / f"{model}.parquet")
        write_rows(files[-1], Graded, graded(model, verdicts))
    empty = tmp_path / "empty.parquet"
    write_rows(empty, Graded, [])
    out = tmp_path / "scores.json"
    write_scores([*files, empty], out, {"math": 0.824, "b": 0.1})
    scores = read_scores(out)
    assert [s.correct for s in scores.scores] == [1, 2]
    assert scores.differences[0].student_better == 1
    assert [s.published for s in scores.scores] == [None, 0.824]  # of the student alone
    assert "math, student: 2 of 2 right, 100.0% (34.2 to 100.0)" in scores_text(scores)
    assert scores_text(scores).count("; published 82.4%\n") == 1
    assert set(json.loads(out.read_text())) == {"scores", "differences", "open_cases", "checksum"}


@pytest.mark.parametrize("text", ["", "[]", '{"scores": [{"n": 1}], "differences": []}'])
def test_a_file_without_scores_is_reported(tmp_path, text):
    path = tmp_path / "scores.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"scores\.json: not a file of scores"):
        read_scores(path)
    with pytest.raises(UserError, match="there is no such file"):
        read_scores(tmp_path / "none.json")


def test_scores_of_nothing_are_an_error(tmp_path):
    empty, out = tmp_path / "empty.parquet", tmp_path / "scores.json"
    write_rows(empty, Graded, [])
    with pytest.raises(UserError, match=r"empty\.parquet: there is no graded answer, so there are"):
        write_scores([empty], out, {})
    assert not out.exists()
