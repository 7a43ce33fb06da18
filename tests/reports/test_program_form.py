"""The form of programs, and where the report shows it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from caco.reports.funnel import count_files, read_funnel
from caco.reports.page.build import build_report
from caco.reports.quality.program_form import (
    SAMPLED,
    form,
    form_json,
    program_forms,
    spread,
    summary,
)
from caco.reports.records import read_records
from caco.rows.code_cot import CodeCoT
from caco.rows.table import write_rows

PROGRAM = """input = {"clips": 48, "friends": 3}


def find_total(clips, friends):
    # Clips of all friends.
    total = clips * friends
    return total


output = find_total(input["clips"], input["friends"])
print(output)
"""
GIVEN = '{"clips": 48, "friends": 3}'
PROBLEM = "Ann sold 48 clips to each of 3 friends and has 5 left. How many did she sell?"


def of(program: str, output: str = "144", problem: str | None = PROBLEM):
    found = form(program, GIVEN, output, problem)
    assert found is not None
    return found


def test_the_form_of_a_program():
    found = of(PROGRAM)
    assert (found.functions, found.statements, found.lines) == (1, 2, 6)
    assert (found.control, found.numbered, found.whole_float) == (False, False, False)
    assert found.states_result is False
    assert found.stated == pytest.approx(2 / 3)  # not the 5
    assert of(PROGRAM, problem=None).stated is None
    assert form("def f(:", GIVEN, "144", None) is None


@pytest.mark.parametrize("name", ["amount_2", "total2", "step", "step_1"])
def test_a_numbered_name_is_one_that_the_program_defines(name):
    assert of(PROGRAM.replace("total", name)).numbered
    assert of(PROGRAM.replace("friends", name)).numbered  # a parameter and a key of `input`
    assert not of(PROGRAM + "import math\nmath.log10(10)\nmath.atan2(1, 2)\n").numbered


@pytest.mark.parametrize(
    "body",
    [
        "if clips > 3:\n        total = 1",
        "total = clips if clips > 3 else 0",
        "for _ in range(3):\n        total = 1",
        "while total < 3:\n        total += 1",
        "total = sum(n for n in [clips])",
    ],
)
def test_control_flow_counts_inside_functions_alone(body):
    assert of(PROGRAM.replace("total = clips * friends", body)).control
    assert not of(PROGRAM + "output = int(output) if output else 0\n").control


def test_a_comment_states_the_result_if_it_has_the_number_or_the_text():
    assert of(PROGRAM.replace("# Clips", "# 144 clips")).states_result
    assert not of(PROGRAM.replace("# Clips", "# 1445 clips")).states_result
    assert of(PROGRAM.replace("# Clips", "# On Monday, clips"), '"Monday"').states_result
    text = PROGRAM.replace("total = clips", "total = len('# 144') + clips")
    assert not of(text).states_result  # a text, not a comment


def test_an_integer_that_is_printed_as_a_float():
    assert of(PROGRAM, "144.0").whole_float
    assert not of(PROGRAM, "144.5").whole_float


def test_a_summary_has_means_and_shares():
    one = of(PROGRAM)
    other = replace(one, functions=3, statements=6, control=True, stated=None)
    found = summary("unify", "gsm8k", [one, other])
    assert (found.programs, found.functions, found.statements) == (2, 2, 2)
    assert (found.control, found.numbered) == (0.5, 0)
    assert found.stated == pytest.approx(2 / 3, abs=1e-4)
    (written,) = form_json([found], "unify")
    assert written["source"] == "gsm8k"
    assert form_json([found], "verify") == []


def test_the_measured_rows_are_spread_over_files(tmp_path):
    files = {}
    for n in range(50):
        path = tmp_path / f"{n:02d}.parquet"
        rows = [CodeCoT(f"{n}-{i}", "s", "x", PROGRAM, "program", GIVEN, "144") for i in range(100)]
        write_rows(path, CodeCoT, rows)
        files[path] = 100
    ids = [row.program_id for row in spread(files, CodeCoT)]
    assert len(ids) == len(set(ids)) == 1_000
    assert {"0-0", "0-98", "47-98"} <= set(ids)


def test_each_source_has_a_row_in_report_and_funnel(fake_run, tmp_path):
    source = Path(fake_run.paths.code_cots("families"))
    rows = [
        CodeCoT(f"c{n}", f"seed{n}", "families", PROGRAM, "program", GIVEN, "144.0")
        for n in range(5)
    ]
    write_rows(source, CodeCoT, rows)
    forms = program_forms(count_files(read_records(fake_run.records), fake_run.rows))
    assert [(f.stage, f.source, f.programs) for f in forms] == [
        ("unify", "families", 5), ("verify", SAMPLED, 8),
    ]  # fmt: skip
    assert forms[0].stated == pytest.approx(1 / 3, abs=1e-4)  # `Problem 3?` states an input
    assert forms[1].stated is None
    funnel = tmp_path / "funnel.json"
    stages = build_report("tiny", fake_run.files(), funnel, tmp_path / "report.html")
    assert read_funnel(funnel) == stages
    unify = next(s for s in json.loads(funnel.read_text())["stages"] if s["stage"] == "unify")
    assert [(f["source"], f["whole_floats"]) for f in unify["form"]] == [("families", 1.0)]
    page = (tmp_path / "report.html").read_text()
    assert "Form of the programs" in page
    assert '<th scope="row">families</th>' in page
