"""The rows of the ablations: their origin, their decontamination, and the draw."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from caco.config.ablation import Ablation, AblationCorpus
from caco.config.checks import Corpus, Quota
from caco.rows.ablation import AblationRow
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import write_rows
from caco.stages.ablation import RowFiles, ablation_rows
from caco.stages.corpus.assemble import benchmark_items, corpus_row

WORDS = ("apples", "boats", "cranes", "drums", "eggs", "forks", "goats", "hats", "inks", "jars",
         "kites", "lamps")  # fmt: skip


def solution(n: int) -> Solution:
    program = f"input = {{'{WORDS[n]}': {n}}}\noutput = {n} + {'1 + ' * n}0\nprint(output)"
    return Solution(
        f"q{n}", f"s{n}", f"p{n}", f"{n % 2:05d}", program, "codegen", f'{{"a":{n}}}', str(n),
        f"Ann has {n} {WORDS[n]}. How many {WORDS[n]} are {n} more?", "qp", "qm",
        f"There are {n}.", "sp", "sm",
    )  # fmt: skip


SOLUTIONS = [solution(n) for n in range(12)]
ACCEPTED = SOLUTIONS[:5]
PROBLEM = Seed("b1", "bench", "math", SOLUTIONS[3].question, None, None, "3", "MIT")


@pytest.fixture
def files(tmp_path: Path) -> RowFiles:
    """Seeds of which one has no solution; solutions of which 5 are accepted, and a corpus of 4."""
    seeds = [
        Seed(f"x{n}", "gsm", "math", s.question, worked, None, str(n), "MIT")
        for n, s in enumerate(SOLUTIONS[:5])
        for worked in [None if n == 1 else "<<1+1=2>>It is."]
    ]
    cots = [CodeCoT(f"c{n}", f"x{n}", "gsm", "print(1)", "program", "{}", "1") for n in range(4)]
    shards = [[s for s in SOLUTIONS if s.shard == f"{k:05d}"] for k in range(2)]
    written: dict[str, list[tuple[type[Any], list[Any]]]] = {
        "code_cots": [(CodeCoT, cots)],
        "seeds": [(Seed, seeds)],
        "solutions": [(Solution, shard) for shard in shards],
        "checked": [(Solution, ACCEPTED)],
        "corpus": [(CorpusRow, [corpus_row(s) for s in ACCEPTED[:4]])],
    }
    paths: dict[str, list[Path]] = {}
    for name, tables in written.items():
        paths[name] = [tmp_path / f"{name}{i}.parquet" for i in range(len(tables))]
        for path, (row_type, rows) in zip(paths[name], tables, strict=True):
            write_rows(path, row_type, rows)
    return RowFiles(**paths)


def made(
    files: RowFiles, problems: list[Path] | None = None, settings: Corpus | None = None, **keys: Any
) -> tuple[list[AblationRow], Counter[str]]:
    """Returns the rows of an ablation, and the other rows by verdict."""
    settings = settings or Corpus()
    section = AblationCorpus(ablation=Ablation(**keys), settings=settings)
    benchmarks = benchmark_items(problems or [], [], settings.decontaminate)
    outcomes = list(ablation_rows(section, files, benchmarks))
    rejected = Counter(row.verdict for row in outcomes if isinstance(row, Rejected))
    return [row for row in outcomes if isinstance(row, AblationRow)], rejected


def ids(rows: list[AblationRow]) -> list[str]:
    return [row.row_id for row in rows]


def test_seeds_are_those_of_the_code_cots_with_their_own_solutions(files: RowFiles) -> None:
    rows, rejected = made(files, corpus="seeds_only")
    assert ids(rows) == ["x0", "x2", "x3"] and rejected == {"no_solution": 1}
    assert rows[1] == AblationRow(
        "x2", SOLUTIONS[2].question, "It is.\nThe answer is \\boxed{2}.", "2", "seed"
    )
    assert len(made(files, corpus="seeds_only", rows=2)[0]) == 2


def test_as_many_solutions_as_the_corpus_has_are_drawn_whatever_their_verdict(
    files: RowFiles,
) -> None:
    rows, rejected = made(files, corpus="unverified")
    assert len(rows) == 4 and rejected == {"not_drawn": 8}
    assert {row.row_id: row.origin for row in rows} == {
        row.row_id: "accepted" if int(row.row_id[1:]) < 5 else "rejected" for row in rows
    }
    complete, _ = made(files, corpus="unverified", rows=99)
    assert sorted(ids(complete)) == sorted(s.row_id for s in SOLUTIONS)
    first = next(row for row in complete if row.row_id == "q7")
    assert (first.instruction, first.output) == (SOLUTIONS[7].question, SOLUTIONS[7].solution)


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_shards(files: RowFiles) -> None:
    rows, _ = made(files, corpus="unverified")
    turned = RowFiles(files.code_cots, files.seeds, files.solutions[::-1], files.checked,
                      files.corpus)  # fmt: skip
    assert set(ids(made(turned, corpus="unverified")[0])) == set(ids(rows))
    others = [set(ids(made(files, corpus="unverified", seed=seed)[0])) for seed in range(4)]
    assert any(other != set(ids(rows)) for other in others)


def test_rejected_solutions_are_those_that_the_verification_rejects(files: RowFiles) -> None:
    rows, rejected = made(files, corpus="rejected", rows=99)
    assert sorted(ids(rows)) == sorted(s.row_id for s in SOLUTIONS[5:])
    assert {row.origin for row in rows} == {"rejected"} and not rejected


@pytest.mark.parametrize(
    ("corpus", "gone"), [("seeds_only", "x3"), ("unverified", "q3"), ("rejected", None)]
)
def test_no_ablation_has_a_problem_of_a_benchmark(
    files: RowFiles, tmp_path: Path, corpus: str, gone: str | None
) -> None:
    write_rows(tmp_path / "problems.parquet", Seed, [PROBLEM])
    rows, rejected = made(files, [tmp_path / "problems.parquet"], corpus=corpus, rows=99)
    assert rejected["contaminated"] == (1 if gone else 0)
    assert gone not in ids(rows)


def test_repeated_questions_and_quotas_are_treated_as_in_the_corpus(files: RowFiles) -> None:
    write_rows(files.solutions[1], Solution, SOLUTIONS[:2])  # which are in the first shard too
    rows, rejected = made(files, corpus="unverified", rows=99)
    assert len(rows) == 7 and rejected == {"duplicate_program": 1}
    quotas = Corpus(quotas={"control": Quota(rows=3)})
    rows, rejected = made(files, settings=quotas, corpus="unverified", rows=99)
    assert len(rows) == 3 and rejected == {"duplicate_program": 1, "over_quota": 4}
