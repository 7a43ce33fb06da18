"""A finished run goes on with the section `reverse.round_trip`: its jobs, in the real workflow."""

import re
import time
from math import prod
from pathlib import Path
from typing import Any

import yaml

from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.rows.table import read_rows
from tests.e2e.loop import go_on, tiny_config
from tests.engines.fault_server import FaultServer


def numbers(problem: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", problem)]


def program(body: Any) -> str:
    """Returns the reply to a request: a program that multiplies the numbers, or no program."""
    prompt = body["messages"][-1]["content"]
    problem = prompt.partition("problem.")[2].partition("State each")[0]
    if body["seed"] % 8 == 0:
        return "I cannot solve it."
    return f"```python\noutput = {' * '.join(map(str, numbers(problem))) or 'None'}\n```"


def test_questions_that_lead_to_another_output_are_not_solved(copy: Path) -> None:
    started = time.time()
    config = tiny_config()
    config["models"]["coder"] = {"kind": "served", "name": "tiny", "revision": "1"}
    config["reverse"]["round_trip"] = {
        "model": "coder", "engine": {"kind": "server"}, "programs": 3,
        "sampling": {"temperature": 0.6, "max_new_tokens": 64},
    }  # fmt: skip
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    with FaultServer(text=program) as server:
        go_on(copy, "--until", "solution", CACO_SERVER_URL=server.url)
    results = copy / "results/tiny"
    asked = 0
    passed: list[Question] = []
    failed: list[Rejected] = []
    for shard in ("00000.parquet", "00001.parquet"):
        questions = list(read_rows(results / "questions" / shard, Question))
        redrafts = list(read_rows(results / "redrafts" / shard, Redraft))
        assert [r.question_id for r in redrafts] == [
            row.question_id for row in questions for _ in range(3)
        ]
        asked += len(questions)
        passed += read_rows(results / "round_trips" / shard, Question)
        failed += read_rows(results / "rejected/round_trip" / shard, Rejected)
        solved = [row.question_id for row in read_rows(results / "solutions" / shard, Solution)]
        rejected = read_rows(results / "rejected/solution" / shard, Rejected)
        assert {*solved, *(row.row_id for row in rejected)} <= {row.question_id for row in passed}
    assert len(passed) + len(failed) == asked
    assert passed and {row.verdict for row in failed} == {"failed_round_trip"}
    # The tiny writer often asks the question of another program.
    for row in passed:
        assert prod(numbers(row.question)) == int(row.output)
        assert row.round_trip_share in (2 / 3, 1.0)
    for rule, run_again in (("redraft", True), ("round_trip", True), ("solution", True),
                            ("question", False), ("writer", False)):  # fmt: skip
        (record, *_) = (results / f"provenance/{rule}").glob("*.json")
        assert (record.stat().st_mtime > started) is run_again, rule
