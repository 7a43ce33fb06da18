"""The check of a solution's steps: verdict, reason, counts; the script on files."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from caco.config.generation import Check
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.stages.check import check_solutions
from caco.stages.seeds.readers.families import FAMILIES, family_seed
from caco.statements.read import statements

ROOT = Path(__file__).resolve().parents[3]
TRUE = r"35 is odd, count 0. x + 3 = 7. 12 is even, count 1. The answer is \boxed{1}."
FALSE = r"35 is even, count 1. 12 is odd, count 1. The answer is \boxed{1}."


def solution(text: str, n: int = 0) -> Solution:
    return Solution(
        f"q{n}", f"s{n}", f"p{n}", "00000", "program", "codegen", "{}", "1", "question", "qp", "qm",
        text, "sp", "sm",
    )  # fmt: skip


def checked(*rows: Solution, **section: bool) -> list[Solution | Rejected]:
    return list(check_solutions(rows, Check(**section)))


def test_a_row_without_a_false_statement_has_its_counts() -> None:
    (row,) = checked(solution(TRUE))
    assert isinstance(row, Solution)
    assert (row.statements, row.checked_statements, row.false_statements) == (3, 2, 0)


def test_a_rejection_names_the_solution_among_its_questions_solutions() -> None:
    (row,) = checked(replace(solution(FALSE), solution_variant=2))
    assert isinstance(row, Rejected)
    assert row.row_id == "q0.2"


def test_a_false_statement_rejects_its_row_with_the_right_value() -> None:
    (row,) = checked(solution(FALSE))
    assert isinstance(row, Rejected)
    assert (row.row_id, row.verdict) == ("q0", "false_statement")
    assert row.reason == "`35 is even` is false: 35 is odd; 1 more"
    assert json.loads(row.row)["false_statements"] == 2


def test_a_row_with_a_false_statement_is_kept_if_the_check_is_off() -> None:
    (row,) = checked(solution(FALSE), false_statements=False)
    assert isinstance(row, Solution)
    assert (row.checked_statements, row.false_statements) == (2, 2)


CODE = "Ten slices:\n```python\ntotal = 3 * 10\nprint(total)\n```\n```output\n180\n```\nSo 180."


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "The output is\n```output\n180\n```\n",
        "```\nfor n in numbers:\n    print(n)\n```",
        "  ~~~ c++\nint a;\n~~~",
        "It is cut:\n```python\ntotal = 3",
    ],
)
def test_a_block_of_code_rejects_its_row(text: str) -> None:
    (row,) = checked(solution(text))
    assert isinstance(row, Rejected)
    assert row.verdict == "code_block"
    (kept,) = checked(solution(text), code_blocks=False)
    assert isinstance(kept, Solution)


def test_the_reason_quotes_the_code() -> None:
    (row,) = checked(solution(CODE))
    assert isinstance(row, Rejected)
    quoted = "'```python total = 3 * 10 print(total) ```'"
    assert row.reason == f"a block of code, which was not executed: {quoted}"


@pytest.mark.parametrize(
    "text",
    [
        "The list is\n```\n3, 4, 5\n```\nso there are 3.",
        "```math\n3 + 4 = 7\n```",
        "`output` is 7, and `3 + 4` is 7.",
        "The names are in ``quotes``.",
    ],
)
def test_other_blocks_and_code_in_a_line_are_kept(text: str) -> None:
    (row,) = checked(solution(text))
    assert isinstance(row, Solution)


def test_a_row_without_statements_is_kept() -> None:
    (row,) = checked(solution("It is clear. The answer is 1."))
    assert isinstance(row, Solution) and row.statements == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_no_worked_solution_of_a_family_is_rejected(name: str) -> None:
    seeds = [family_seed(FAMILIES[name], Random(f"check:{n}"), "easy") for n in range(30)]
    solved = [str(seed.solution) for seed in seeds]
    assert not [s for text in solved for s in statements(text) if s.holds is False]
    # The steps of `list_item` repeat numbers of the problem and state nothing that can be computed.
    assert any(s.holds for text in solved for s in statements(text)) == (name != "list_item")


def test_the_script_writes_checked_and_rejected_rows(tmp_path: Path) -> None:
    rows = [solution(TRUE, 0), solution(FALSE, 1)]
    write_rows(tmp_path / "judged.parquet", Solution, rows)
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "scripts" / "check.py"), "--judged", "judged.parquet",
            "--checked", "checked.parquet", "--rejected", "rejected.parquet",
            "--provenance", "record.json", "--identity", "00000", "--spec", "{}",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (kept,) = read_rows(tmp_path / "checked.parquet", Solution)
    (rejected,) = read_rows(tmp_path / "rejected.parquet", Rejected)
    assert (kept.question_id, rejected.row_id) == ("q0", "q1")
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["rows"]["rejected"] == {"false_statement": 1}
