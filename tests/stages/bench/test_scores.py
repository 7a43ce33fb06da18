import json
import random

import pytest

from caco.errors import UserError
from caco.rows.graded import Graded
from caco.rows.table import write_rows
from caco.stages.bench.scores import (
    compare,
    mcnemar,
    paired_interval,
    read_scores,
    scores_text,
    write_scores,
)


def graded(model, verdicts, benchmark="math", second="correct", false=0):
    return [
        Graded(
            benchmark, model, f"p{i}", "?", "1", "1", "1", verdict, "", second, 3, false, 1, "stop"
        )
        for i, verdict in enumerate(verdicts)
    ]


RIGHT, WRONG = "correct", "wrong"


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
    assert "math, student minus base: +50.0 points" in text and "McNemar's p = 1" in text


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
    assert (difference.both, difference.only_student) == (1, 2)
    assert (difference.only_base, difference.neither) == (1, 1)
    assert difference.difference == pytest.approx(0.2)
    assert difference.low < 0.2 < difference.high
    assert difference.p == 1.0


def test_a_problem_that_occurs_twice_is_two_problems():
    rows = [r for m in ("base", "student") for r in graded(m, [RIGHT]) + graded(m, [WRONG])]
    (difference,) = compare(rows).differences
    assert (difference.n, difference.both, difference.neither) == (2, 1, 1)


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


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (10, 2, 158 / 4096), (1, 0, 1.0)],
)
def test_mcnemar_is_the_exact_binomial_test(gained, lost, p):
    assert mcnemar(gained, lost) == pytest.approx(p)


def test_mcnemar_handles_large_benchmarks():
    assert 0 < mcnemar(2_000, 1_800) < 0.01


def test_the_paired_interval_is_newcombes():
    # Newcombe 1998 (Statistics in Medicine 17, 2635-2650), table II: (36, 12, 2, 0), method 10.
    assert paired_interval(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-4)


@pytest.mark.parametrize("cells", [(9, 0, 0, 0), (0, 0, 0, 9), (4, 0, 0, 5), (0, 9, 0, 0)])
def test_the_paired_interval_has_a_positive_width_within_its_bounds(cells):
    low, high = paired_interval(*cells)
    assert -1 <= low < high <= 1
    assert low <= (cells[1] - cells[2]) / sum(cells) <= high


def test_the_paired_interval_is_antisymmetric_in_the_models():
    low, high = paired_interval(30, 12, 5, 20)
    assert paired_interval(30, 5, 12, 20) == pytest.approx((-high, -low))


def test_the_paired_interval_has_its_nominal_coverage():
    rng = random.Random(7)
    weights = (0.4, 0.2, 0.1, 0.3)  # both, only student, only base, neither: truth 0.1
    covered = 0
    for _ in range(1_000):
        cells = [0, 0, 0, 0]
        for cell in rng.choices(range(4), weights, k=100):
            cells[cell] += 1
        low, high = paired_interval(*cells)
        covered += low <= 0.1 <= high
    assert 930 <= covered <= 975


def test_scores_round_trip_through_their_file(tmp_path):
    files = []
    for model, verdicts in (("base", [RIGHT, WRONG]), ("student", [RIGHT, RIGHT])):
        files.append(tmp_path / f"{model}.parquet")
        write_rows(files[-1], Graded, graded(model, verdicts))
    empty = tmp_path / "empty.parquet"
    write_rows(empty, Graded, [])
    out = tmp_path / "scores.json"
    write_scores([*files, empty], out)
    scores = read_scores(out)
    assert [s.correct for s in scores.scores] == [1, 2]
    assert scores.differences[0].only_student == 1
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
        write_scores([empty], out)
    assert not out.exists()
