"""`scripts/execute.py`: one outcome for each line of input, whatever the line holds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.errors import SandboxUnavailable
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome
from caco.stages.verify import single

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "scripts" / "execute.py")]
GOOD = """input = {'price': 3, 'count': 4}
def total(price, count):
    cost = price * count
    tax = cost * 0.5
    return cost + tax
print('done')
output = total(**input)
"""
UNSTABLE = GOOD.replace("cost + tax", "cost + int.from_bytes(__import__('os').urandom(3))")
FIELDS = ["id", "outcome", "reason", "input", "output", "printed", "cpu_s", "memory_mb"]


def run(source: bytes, *options: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *options],
        input=source, capture_output=True, timeout=240, env={**os.environ, **env},
    )  # fmt: skip


def executed(source: bytes, *options: str) -> list[dict[str, Any]]:
    done = run(source, *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return [json.loads(line, parse_int=str) for line in done.stdout.splitlines()]


def lines(*programs: str) -> bytes:
    rows = [{"id": f"r{n}", "program": program} for n, program in enumerate(programs)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_outcomes() -> None:
    found = executed(
        lines(
            GOOD, "def (", "1 / 0", "x = 1", "while True: pass", "import time; time.sleep(60)",
            "x = 'a' * 10**10", "input = {'a': 1}\noutput = {1, 2j}", "\0", "",
            "input = {'a': 1}\noutput = 10**6000",
            "input = {'a': 1}\noutput = {'k\\u2028': [None, True, 0.1]}",
        ),
        "--spec", '{"cpu_s": 1.0, "wall_s": 3.0}', "--workers", "2",
    )  # fmt: skip
    assert [line["id"] for line in found] == [f"r{n}" for n in range(12)]
    assert [line["outcome"] for line in found] == [
        "ok", "syntax_error", "exception", "no_output", "cpu_timeout", "wall_timeout",
        "out_of_memory", "not_serialisable", "syntax_error", "no_output", "ok", "ok",
    ]  # fmt: skip
    assert [list(line) for line in found] == [FIELDS] * 12
    first = found[0]
    assert (first["reason"], first["printed"]) == ("", "done\n")
    assert (first["input"], first["output"]) == ({"price": "3", "count": "4"}, 18.0)
    assert found[2]["reason"] == "ZeroDivisionError: division by zero"
    assert found[2]["input"] is found[2]["output"] is None
    assert 1.0 <= found[4]["cpu_s"] < 2.0
    assert all(1 < line["memory_mb"] < 500 for line in found)
    assert found[10]["output"] == "1" + "0" * 6000
    assert found[11]["output"] == {"k\u2028": [None, True, 0.1]}


HOSTILE = [
    (b"", "the line is empty"),
    (b"[]", "not an object of JSON"),
    (b'{"id": 1}', "`program` is missing"),
    (b'{"id": 1, "program": ' + b"9" * 10_000 + b"}", "must be a string"),
    (b'{"id": 1, "program": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"id": 1, "program": "\\ud800"}', "lone surrogate"),
    (b'{"id": 1, "program": "\xff"}', "byte 0xff"),
    (b'{"id": 1, "program": -Infinity}', "-Infinity"),
]


@pytest.mark.parametrize("options", [(), ("--rules",)])
def test_hostile_rows_get_a_line_and_the_next_row_is_executed(options: tuple[str, ...]) -> None:
    source = b"".join(line + b"\n" for line, _ in HOSTILE)
    *found, last = executed(source + lines(GOOD), *options)
    assert [line["outcome"] for line in found] == ["invalid_row"] * len(HOSTILE)
    assert [line["id"] for line in found] == [None, None, *["1"] * (len(HOSTILE) - 2)]
    for number, (line, (_, reason)) in enumerate(zip(found, HOSTILE, strict=True), 1):
        assert line["reason"].startswith(f"line {number}: ")
        assert reason in line["reason"]
        assert line["input"] is line["output"] is None
        assert line.keys() == last.keys()
    assert last["outcome"] == "ok"


def test_rules() -> None:
    constant = "input = {'a': 1}\n" + "\n".join(f"x{n} = {n}" for n in range(6)) + "\noutput = 5\n"
    failing = GOOD + "1 / 0\n"
    found = executed(
        lines(GOOD, GOOD, "1 / 0", failing, constant, UNSTABLE), "--rules", "--workers", "2"
    )
    assert [list(line) for line in found] == [[*FIELDS[:2], "verdict", *FIELDS[2:]]] * 6
    assert [(line["outcome"], line["verdict"]) for line in found] == [
        ("ok", "accepted"),
        ("ok", "accepted"),  # each row is verified on its own: no duplicate
        ("exception", "too_few_lines"),
        ("exception", "exception"),
        ("ok", "trivial"),
        ("ok", "non_deterministic"),
    ]
    assert [bool(line["reason"]) for line in found] == [False, False, True, True, True, True]


def test_other_thresholds() -> None:
    (line,) = executed(lines(GOOD), "--rules", "--verify-spec", '{"min_lines": 60}')
    assert line["verdict"] == "too_few_lines"
    assert "60" in line["reason"]


def test_the_first_run_is_not_repeated(sandbox) -> None:
    (run,) = sandbox.run([UNSTABLE])
    settings = Verify(non_deterministic=False, insensitive=False, echo=False)
    assert run.outcome is Outcome.OK

    # No sandbox is entered: a further run would fail.
    unused = NsjailSandbox(Limits(), workers=1)
    assert single.verify_executed(UNSTABLE, run, unused, settings) == ("accepted", "")


def test_a_program_that_the_rules_cannot_handle_keeps_its_outcome() -> None:
    chain = "\n".join(f"x{n} = x{n - 1}" for n in range(1, 1_500))
    text = f"input = {{'a': 1}}\nx0 = 3\n{chain}\noutput = x1499\n"
    found = executed(lines(text, GOOD), "--rules")
    assert [(line["outcome"], line["verdict"]) for line in found] == [
        ("ok", "unanalysable"),
        ("ok", "accepted"),
    ]
    assert "RecursionError" in found[0]["reason"]


def test_a_sandbox_that_fails_during_the_rules_is_an_error_of_the_machine(
    sandbox, monkeypatch
) -> None:
    def fails(*_):
        raise SandboxUnavailable("a jail ended")

    monkeypatch.setattr(single, "verify_shard", fails)
    (run,) = sandbox.run([GOOD])
    with pytest.raises(SandboxUnavailable):
        single.verify_executed(GOOD, run, sandbox, Verify())


def test_a_row_is_answered_before_the_next_arrives() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in range(3):
            process.stdin.write(lines(f"input = {{'a': 1}}\noutput = {n}"))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["output"] == n
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_closed_pipe_ends_it_quietly() -> None:
    with subprocess.Popen(
        [*COMMAND, "--workers", "2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines("x = 1", "x = 1", "while True: pass"))
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(lines("x = 1"))
        process.stdin.flush()  # and it stays open
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


def test_a_machine_without_the_sandbox(tmp_path: Path) -> None:
    broken = tmp_path / "nsjail"
    broken.write_text("#!/bin/sh\nexit 255\n")
    broken.chmod(0o755)
    done = run(lines(GOOD), PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"sandbox error: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--spec", '{"cpu": 1}'), 1, b"input error: --spec: key `cpu` is unknown"),
        (("--rules", "--verify-spec", '{"lines": 1}'), 1, b"input error: --verify-spec: key `line"),
        (("--verify-spec", "{}"), 2, b"add --rules"),
        (("--workers", "-1"), 2, b"is not a positive integer"),
    ],
)
def test_wrong_arguments(options: tuple[str, ...], code: int, message: bytes) -> None:
    done = run(b"", *options)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == b""
