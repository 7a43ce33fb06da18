"""Diversity and difficulty: values of hand-made sets, and where the report shows them."""

import json
import random
from collections import Counter
from dataclasses import replace
from math import comb, log2
from pathlib import Path

import pytest

from caco.reports.funnel import count_files, read_funnel
from caco.reports.page.build import build_report
from caco.reports.quality.difficulties import GROUPS, distribution, distributions, hardest
from caco.reports.quality.diversity import (
    Classes,
    diversity,
    expected,
    problem_tokens,
    program_tokens,
)
from caco.reports.quality.pass_rates import pass_rates
from caco.reports.quality.quality import accepted_files, quality
from caco.reports.quality.samples import hash_sample
from caco.reports.records import read_records
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows, write_rows
from caco.runtime.checksums import read_checked

WORDS = "Ann has {} red clips and buys {} more. How many clips does Ann have now?"
PROGRAM = "input = {{'a': {}}}\n\n\ndef f(a):\n    return a + {}\n\n\noutput = f(input['a'])\n"


def test_a_set_of_copies_has_one_template():
    found = diversity("seeds", "problems", 50, [WORDS.format(n, n + 3) for n in range(50)])
    assert found.templates.distinct == 1
    assert found.templates.entropy == 0
    assert found.templates.alike == 1
    assert found.distinct_templates(10) == pytest.approx(1)
    assert found.distinct_grams(10) == pytest.approx(0.1)  # one row's 3-grams, of ten rows
    assert found.families is None


def test_a_set_of_different_texts_has_as_many_templates():
    names = ["".join(random.Random(n).choices("abcdefgh", k=9)) for n in range(50)]
    found = diversity("seeds", "problems", 50, [f"{n} sees {n}x {n}y {n}z" for n in names])
    assert found.templates.distinct == 50
    assert found.templates.entropy == pytest.approx(log2(50))
    assert found.templates.alike == 0
    assert found.distinct_templates(10) == pytest.approx(10)
    assert found.distinct_grams(10) == pytest.approx(1)


def test_programs_that_differ_in_their_numbers_have_one_template():
    texts = [PROGRAM.format(n, n // 10) for n in range(40)]
    found = diversity("verify", "programs", 40, texts)
    assert found.templates.distinct == 1
    assert found.families is not None
    assert found.families.distinct == 4  # which keep the numbers outside of `input`
    assert found.families.entropy == pytest.approx(2)
    assert found.distinct_families(40) == pytest.approx(4)


def test_expected_classes_are_those_of_random_samples():
    classes = ["a"] * 7 + ["b"] * 3 + ["c", "d"]
    sizes = Classes.of(classes).sizes
    assert sizes == {7: 1, 3: 1, 1: 2}
    draws = [len(set(random.Random(n).sample(classes, 5))) for n in range(4_000)]
    assert expected(sizes, 12, 5) == pytest.approx(sum(draws) / len(draws), abs=0.05)
    assert expected(sizes, 12, 1) == pytest.approx(1)
    assert expected(sizes, 12, 12) == pytest.approx(4)
    pairs = comb(7, 2) + comb(3, 2)
    assert Classes.of(classes).alike == pytest.approx(pairs / comb(12, 2))


def test_sets_of_different_sizes_compare():
    """A tenth of a set has the numbers of the whole set, but fewer templates and less entropy."""
    names = ["".join(random.Random(n).choices("abcdefgh", k=9)) for n in range(100)]
    drawn = random.Random(1)
    texts = [f"{drawn.choice(names)} has {n} clips in a box of {n}" for n in range(3_000)]
    whole, part = (diversity("seeds", "problems", len(t), t) for t in (texts, texts[:300]))
    assert part.templates.alike == pytest.approx(whole.templates.alike, abs=0.002)
    assert part.distinct_templates(50) == pytest.approx(whole.distinct_templates(50), rel=0.02)
    assert part.distinct_grams(50) == pytest.approx(whole.distinct_grams(50), rel=0.02)
    assert part.distinct_templates(301) is None


def test_tokens_have_no_numbers_layout_and_comments():
    assert problem_tokens("Ann has 3 clips and twenty-five pens.") == problem_tokens(
        "Ann has 1,200 clips and 7 pens."
    )
    assert program_tokens("x = [1, 2.5, 3]  # a\n\ny = 'b12'\n") == program_tokens(
        "x = [7, 8]\ny = 'b9'"
    )
    assert program_tokens("x = 1") != program_tokens("y = 1")
    assert program_tokens("def f(: 12 '''") == program_tokens("def f(: 34 '''")


def test_a_distribution_has_mean_median_and_shares():
    found = distribution(Counter({0: 1, 1: 2, 4: 5, 40: 2}))
    assert (found.rows, found.mean, found.median, found.high) == (10, 10.2, 4, 40)
    shares = {name: share for name, share in zip(GROUPS, found.shares, strict=True) if share}
    assert shares == {"0": 0.1, "1": 0.2, "3 to 4": 0.5, "33 or more": 0.2}
    assert distribution(Counter()).rows == 0


def test_the_sample_depends_on_the_identities_alone():
    rows = [CodeCoT(f"c{n}", f"s{n}", "x", "p", "program", "{}", "1") for n in range(500)]
    found = hash_sample(rows, lambda row: row.seed_id, 20)
    shuffled = hash_sample(random.Random(0).sample(rows, 500), lambda row: row.seed_id, 20)
    assert (len(found.rows), found.total) == (20, 500)
    assert found == shuffled
    assert len({int(row.seed_id[1:]) // 100 for row in found.rows}) == 5
    assert len(hash_sample(rows, lambda row: row.seed_id, 900).rows) == 500


@pytest.fixture
def measured_run(fake_run):
    """The small run, with measures in the corpus and programs that run."""
    path = Path(fake_run.paths.corpus())
    rows = [
        replace(row, difficulty=n, operations=n, code_statements=3, loops=0, depth=0, inputs=1,
                digits=2, steps=9)
        for n, row in enumerate(read_rows(path, CorpusRow), 4)
    ]  # fmt: skip
    write_rows(path, CorpusRow, rows)
    cots = [
        CodeCoT(f"c{n}", f"seed{n}", "families", PROGRAM.format(n, 2), "program", '{"a":3}', "5")
        for n in range(5)
    ]
    write_rows(Path(fake_run.paths.code_cots("families")), CodeCoT, cots)
    return fake_run


def test_every_set_is_measured(measured_run):
    counted = count_files(read_records(measured_run.records), measured_run.rows)
    found = quality(accepted_files(counted), Path(measured_run.paths.corpus()))
    sets = [(d.stage, d.kind, d.rows, d.templates.distinct) for d in found.diversities]
    assert sets == [
        ("seeds", "problems", 7, 1),  # not the held-out ones
        ("question", "problems", 8, 1),
        ("corpus", "problems", 3, 1),
        ("unify", "programs", 5, 1),
        ("sample", "programs", 12, 1),
        ("verify", "programs", 8, 1),
        ("corpus", "programs", 3, 1),
    ]
    assert found.drawn == 12
    assert found.corpus["difficulty"].mean == 5
    assert (found.code_cots["operations"].rows, found.code_cots["operations"].mean) == (5, 1)
    assert found.code_cots["steps"].rows == 0  # the seeds have no solution
    assert [row.difficulty for row in found.hardest] == [6, 5, 4]


def test_the_numbers_are_in_report_and_funnel(measured_run, tmp_path):
    funnel, report = tmp_path / "funnel.json", tmp_path / "report.html"
    stages = build_report("tiny", measured_run.files(), funnel, report)
    assert read_funnel(funnel) == stages
    by_stage = {stage["stage"]: stage for stage in read_checked(funnel)["stages"]}
    sampled = by_stage["sample"]["diversity"]["programs"]
    assert (sampled["rows"], sampled["templates"]["distinct"]) == (12, 1)
    assert sampled["templates"]["expected"] == {"10": 1, "100": None, "1000": None}
    assert sampled["templates"]["alike"] == 1
    assert set(by_stage["corpus"]["diversity"]) == {"problems", "programs"}
    assert by_stage["corpus"]["difficulty"]["difficulty"]["shares"]["5 to 8"] == pytest.approx(
        2 / 3, abs=1e-3
    )
    assert by_stage["unify"]["difficulty"]["inputs"]["mean"] == 1
    assert by_stage["unify"]["form"]
    html = report.read_text()
    assert ">Diversity by stage</h2>" in html
    assert "in 12 rows" in html
    assert "Corpus: 3 rows, median 5, nine tenths at most 6." in html
    hard = html[html.index("The 3 rows of the corpus with the largest difficulty") :]
    assert hard.index("Difficulty 6") < hard.index("Difficulty 5") < hard.index("Difficulty 4")
    json.loads(funnel.read_text())


def test_pass_rates_are_in_report_and_funnel(measured_run, tmp_path):
    path = Path(measured_run.paths.corpus())
    rates = (0.0, 0.25, 0.875)
    rows = [
        replace(row, pass_rate=rate, pass_rate_answers=8, pass_rate_model="md")
        for row, rate in zip(read_rows(path, CorpusRow), rates, strict=True)
    ]
    write_rows(path, CorpusRow, rows)
    funnel, report = tmp_path / "funnel.json", tmp_path / "report.html"
    build_report("tiny", measured_run.files(), funnel, report)
    corpus = next(s for s in read_checked(funnel)["stages"] if s["stage"] == "corpus")
    assert corpus["pass_rate"] == {
        "rows": 3, "mean": 0.375,
        "shares": {"0": 0.3333, "to 1/4": 0.3333, "to 1/2": 0, "to 3/4": 0, "below 1": 0.3333,
                   "1": 0},
    }  # fmt: skip
    html = report.read_text()
    assert "Corpus: 3 rows, of whose questions the model of <code>pass_rate</code> solved" in html
    assert "37.5% on average" in html
    assert '["pass_rate","0.875"],["pass_rate_answers","8"]' in html
    assert '["pass_rate_model","another checkpoint, md"]' in html


def test_each_pass_rate_is_in_one_group(fake_run):
    row = next(read_rows(Path(fake_run.paths.corpus()), CorpusRow))
    for answers in (1, 3, 8):
        rows = [replace(row, pass_rate=n / answers) for n in range(answers + 1)]
        found = pass_rates(rows)
        assert (found.rows, found.mean) == (answers + 1, 0.5)
        assert sum(found.shares) == pytest.approx(1, abs=1e-3)
        assert found.shares[0] == found.shares[-1] == round(1 / (answers + 1), 4)


def test_rows_without_measures_have_no_distribution(fake_run):
    rows = list(read_rows(Path(fake_run.paths.corpus()), CorpusRow))
    assert pass_rates(rows).rows == 0
    assert {d.rows for d in distributions(rows).values()} == {0}
    assert len(hardest(rows)) == 3
