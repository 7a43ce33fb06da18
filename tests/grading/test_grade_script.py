"""`scripts/grade.py`: one verdict for each line of input, whatever the line holds."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "scripts" / "grade.py")]


def run(source: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *options], input=source, capture_output=True, timeout=240)


def graded(source: bytes, *options: str) -> list[dict[str, Any]]:
    done = run(source, *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


ROWS: list[tuple[dict[str, Any], str]] = [
    ({"gold": "0.5", "text": r"\frac{1}{2}"}, "equal"),
    ({"gold": "3", "text": "4", "kind": "answer"}, "different"),
    ({"gold": "east", "text": "west"}, "different"),
    ({"gold": "3", "text": " "}, "undecided"),
    ({"gold": "3", "text": r"1 + 2 = \boxed{3}.", "kind": "solution"}, "equal"),
    ({"gold": "3", "text": "The answer is 4", "kind": "solution"}, "different"),
    ({"gold": "3", "text": "so it is $3$", "kind": "solution"}, "equal"),
    ({"gold": "3", "text": "I do not know.", "kind": "solution"}, "undecided"),
    ({"gold": "40", "text": r"40\%", "question": "Which share is it?"}, "different"),
    ({"gold": "40", "text": r"40\%", "question": "What percentage is it?"}, "equal"),
    ({"gold": "0.4", "text": "#### 40%", "kind": "solution", "question": "Which share?"}, "equal"),
    ({"gold": "12", "text": "12 thousand", "kind": "answer", "question": "How many?"}, "different"),
    ({"gold": "3", "text": "3", "kind": None, "question": None, "tolerance": None}, "equal"),
    ({"gold": "4", "text": "7-3", "question": "Evaluate $7-3$."}, "different"),
    ({"gold": "4", "text": "7-3"}, "equal"),
    ({"gold": "2.5", "text": "2.57", "tolerance": 0.04}, "equal"),
    ({"gold": "2.5", "text": "2.57", "tolerance": 2e-2}, "different"),
    ({"gold": "2.5", "text": "2.57"}, "different"),
]


@pytest.mark.parametrize("workers", ["1", "3"])
def test_verdicts(workers: str) -> None:
    rows = [{"id": {"n": n}, **row} for n, (row, _) in enumerate(ROWS)]
    found = graded(lines(*rows), "--workers", workers)
    assert [list(line) for line in found] == [["id", "verdict", "reason"]] * len(ROWS)
    assert [line["id"] for line in found] == [row["id"] for row in rows]
    assert [line["verdict"] for line in found] == [verdict for _, verdict in ROWS]
    assert all(line["reason"] for line in found)


HOSTILE = [
    (b'{"id": 1, "gold": "2", "text": "#### ' + b" " * 20_000 + b'$$", "kind": "solution"}',
     ""),
    (b'{"id": 1, "gold": "2", "text": "' + b"1" * 200_000 + b'", "question": "?"}',
     ""),
    (b'{"id": 1, "gold": "2", "text": "9^{9^{9^{9^9}}}"}', ""),
    (b'{"id": 1, "gold": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"id": 1, "gold": ' + b"9" * 10_000 + b', "text": ""}', "must be a string"),
    (b'{"id": 1, "gold": NaN, "text": ""}', "line 6: `gold` contains NaN"),
    (b'{"id": 1, "gold": "\\udfff", "text": ""}', "line 7: `gold` contains the lone surrogate"),
    (b'{"id": 1, "gold": "\xff", "text": ""}', "line 8: byte 0xff"),
    (b'{"id": 1, "gold": "1", "text": "1", "kind": "essay"}', "`kind` is 'essay'"),
    (b'{"id": 1, "gold": "1", "text": "1", "question": []}', "`question` is []"),
    (b'{"id": 1, "gold": "1", "text": "1", "tolerance": true}', "`tolerance` is true"),
    (b'{"id": 1, "gold": "1", "text": "1", "tolerance": 1e999}', "`tolerance` is inf"),
    (b'{"id": 1, "gold": "1", "text": "1", "tolerance": -0.1}', "`tolerance` is -0.1"),
    (b'{"id": 1, "gold": " ", "text": " "}', "`gold` is empty"),
    (b'{"id": 1, "text": "1"}', "`gold` is missing"),
    (b'{"id": 1, "gold": "1"', "not JSON"),
]  # fmt: skip


def test_a_hostile_row_gets_a_line_and_the_next_row_is_graded() -> None:
    source = b"".join(line + b"\n" for line, _ in HOSTILE)
    *found, last = graded(source + b'{"id": 2, "gold": "1.0", "text": "1"}', "--timeout", "2")
    assert [line["id"] for line in found] == [1] * len(HOSTILE)
    for line, (_, reason) in zip(found, HOSTILE, strict=True):
        assert line["verdict"] == "undecided" or (not reason and line["verdict"] == "different")
        assert reason in line["reason"]
    assert (last["id"], last["verdict"]) == (2, "equal")


def test_a_row_is_answered_before_the_next_arrives() -> None:
    command = [*COMMAND, "--workers", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in range(3):
            process.stdin.write(lines({"id": n, "gold": "1", "text": "1"}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == n
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_closed_pipe_ends_it_quietly() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines({"id": 0, "gold": "1", "text": "1"}))
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(lines({"id": 1, "gold": "1", "text": "1"}))
        process.stdin.flush()  # and it stays open
        began = time.monotonic()
        assert process.wait(60) == 141
        assert time.monotonic() - began < 30
        assert process.stderr.read() == b""


def test_no_input_is_no_output() -> None:
    assert graded(b"") == []


@pytest.mark.parametrize(
    "options", [("--timeout", "0"), ("--timeout", "nan"), ("--timeout", "x"), ("--workers", "0")]
)
def test_wrong_arguments(options: tuple[str, ...]) -> None:
    done = run(b"", *options)
    assert done.returncode == 2
    assert b"is not a positive" in done.stderr
    assert done.stdout == b""
