"""Every program of a shard is verified, or rejected with one verdict, once and in order."""

import dataclasses
import json
import os
import subprocess
import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stages.verify.rows import GOOD, FakeSandbox, failed, sampled

from caco.config.checks import Verify
from caco.errors import SandboxUnavailable
from caco.rows.program import Program
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.sandbox.protocol import Outcome
from caco.stages.verify.source import Source, literal_input
from caco.stages.verify.verify import verify_file, verify_shard

ROOT = Path(__file__).parents[3]
OTHER = GOOD.replace("apples * price", "apples + price")
BAD = GOOD.replace("total = ", "total = 1 // 0 + ")
PLAIN = Verify(non_deterministic=False, insensitive=False, echo=False)


def verdicts(programs, sandbox, settings=None):
    rows = verify_shard(iter(programs), sandbox, settings or Verify())
    return [row.verdict if isinstance(row, Rejected) else "verified" for row in rows]


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.OK])
def test_a_failed_execution_gives_the_verdict_of_its_name(outcome):
    sandbox = FakeSandbox({GOOD: failed(outcome, "what was seen")})
    (row,) = verify_shard(iter([sampled()]), sandbox, Verify())
    assert isinstance(row, Rejected)
    assert (row.verdict, row.reason) == (outcome.value, "what was seen")
    assert json.loads(row.row) == asdict(sampled())


def test_a_verified_row_carries_its_lineage():
    program = sampled(index=3)
    (row,) = verify_shard(iter([program]), FakeSandbox(), Verify())
    assert row == Verified(
        sample_id=program.sample_id,
        program_id=program.program_id,
        shard="00000",
        program=GOOD,
        codegen=program.model,
        input='{"apples":3,"price":4}',
        output="12",
    )


def test_a_program_rejected_by_its_text_is_not_executed():
    sandbox = FakeSandbox()
    programs = [sampled(finish_reason="length"), sampled("x = 1"), sampled(), sampled(index=1)]
    assert verdicts(programs, sandbox, PLAIN) == [
        "truncated", "too_few_lines", "verified", "duplicate",
    ]  # fmt: skip
    assert sandbox.programs == [GOOD]


def test_only_programs_without_a_violation_run_again():
    again = failed(Outcome.EXCEPTION, "ValueError")

    class Once(FakeSandbox):
        def run(self, programs, repeat=0):
            for program, run in zip(
                texts := list(programs), super().run(texts, repeat), strict=True
            ):
                yield again if repeat and program == OTHER else run

    sandbox = Once({BAD: failed(Outcome.EXCEPTION, "ZeroDivisionError")})
    assert verdicts([sampled(), sampled(BAD, 1), sampled(OTHER, 2)], sandbox) == [
        "verified", "exception", "non_deterministic",
    ]  # fmt: skip
    assert sandbox.programs[:5] == [GOOD, BAD, OTHER, GOOD, OTHER]
    assert sandbox.repeats[:5] == [0, 0, 0, 1, 1]
    # Two perturbed runs suffice for a good program, on other numbers and with the same seed.
    first, second = (literal_input(Source(text)) for text in sandbox.programs[5:])
    assert first is not None and second is not None
    assert first.value != second.value != {"apples": 3, "price": 4}
    assert sandbox.repeats[5:] == [0, 0]


def test_only_enabled_rules_need_runs():
    for settings, runs in (
        (PLAIN, 1),
        (Verify(insensitive=False, echo=False), 2),
        (Verify(non_deterministic=False, insensitive=False), 3),
        (Verify(non_deterministic=False, echo=False), 3),
    ):
        sandbox = FakeSandbox()
        assert verdicts([sampled()], sandbox, settings) == ["verified"]
        assert len(sandbox.programs) == runs


class ConstantSandbox(FakeSandbox):
    """Every program outputs 12; from the second perturbed run on, `limited` if set."""

    def __init__(self, limited=None):
        super().__init__()
        self.limited = limited

    def _execute(self, program):
        if self.limited is not None and len(self.programs) > 3:
            return self.limited
        return dataclasses.replace(super()._execute(program), output="12")


def test_a_suspect_runs_on_all_perturbations():
    sandbox = ConstantSandbox()
    (row,) = verify_shard(iter([sampled()]), sandbox, Verify())
    assert isinstance(row, Rejected)
    assert (row.verdict, row.reason) == ("insensitive", "`output` is 12 for 24 other inputs too")
    assert len(sandbox.programs) == len(set(sandbox.programs[1:])) + 1 == 26
    assert verdicts([sampled()], ConstantSandbox(), Verify(insensitive=False)) == ["verified"]


def test_a_suspect_that_hits_a_limit_is_verified():
    sandbox = ConstantSandbox(failed(Outcome.CPU_TIMEOUT, "more than 5 s"))
    assert verdicts([sampled()], sandbox) == ["verified"]
    assert len(sandbox.programs) == 4


def test_a_program_without_a_literal_input_is_not_perturbed():
    text = GOOD.replace('{"apples": 3, "price": 4}', "dict(apples=3, price=4)")
    sandbox = FakeSandbox()
    assert verdicts([sampled(text)], sandbox) == ["verified"]
    assert sandbox.programs == [text, text]


def numbered(count):
    return [sampled(GOOD.replace('"price": 4', f'"price": {i + 2}'), i) for i in range(count)]


def test_a_shard_is_read_a_window_at_a_time(monkeypatch):
    monkeypatch.setattr("caco.stages.verify.verify._WINDOW", 4)
    read = []

    def reading():
        for program in numbered(10):
            read.append(program)
            yield program

    rows = verify_shard(reading(), FakeSandbox(), Verify())
    next(rows)
    assert len(read) == 4
    assert len(list(rows)) == 9


@given(window=st.integers(1, 12), ahead=st.integers(1, 8))
def test_neither_window_nor_batch_changes_a_row(window, ahead):
    programs = [*numbered(9), sampled(index=9), sampled("x = 1", 10)]
    expected = list(verify_shard(iter(programs), FakeSandbox(), Verify()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("caco.stages.verify.verify._WINDOW", window)
        assert list(verify_shard(iter(programs), FakeSandbox(ahead=ahead), Verify())) == expected


def test_a_sandbox_that_loses_executions_is_an_error_of_the_sandbox():
    class Short(FakeSandbox):
        def run(self, programs, repeat=0):
            yield from islice(super().run(programs, repeat), 1)

    with pytest.raises(SandboxUnavailable, match="fewer executions"):
        verdicts(numbered(2), Short())


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5])
def test_a_sandbox_that_fails_in_any_batch_fails_the_shard(batch):
    class Failing(ConstantSandbox):
        batches = 0

        def run(self, programs, repeat=0):
            self.batches += 1
            if self.batches == batch:
                raise SandboxUnavailable("nsjail is gone")
            return super().run(programs, repeat)

    with pytest.raises(SandboxUnavailable, match="nsjail is gone"):
        verdicts([sampled()], Failing())


def test_a_duplicate_is_one_of_syntax_not_of_text():
    copy = sampled("# a comment\n" + GOOD.replace("    ", "  "), index=1)
    assert verdicts([sampled(), copy, sampled(OTHER)], FakeSandbox()) == [
        "verified",
        "duplicate",
        "verified",
    ]
    assert verdicts([sampled(), copy], FakeSandbox(), Verify(duplicates=False)) == ["verified"] * 2


def test_a_truncated_copy_does_not_make_the_complete_program_a_duplicate():
    programs = [sampled(finish_reason="length"), sampled(index=1)]
    assert verdicts(programs, FakeSandbox()) == ["truncated", "verified"]


def test_an_empty_shard_gives_no_rows():
    assert verdicts([], FakeSandbox()) == []


@given(
    kinds=st.lists(st.sampled_from(["good", "short", "fails", "cut"]), max_size=40),
    ahead=st.integers(1, 8),
)
def test_rows_keep_their_order_and_none_is_lost(kinds, ahead):
    texts = {"good": GOOD, "short": "x = 1", "fails": OTHER, "cut": GOOD}
    programs = [
        sampled(texts[kind], i, "length" if kind == "cut" else "stop")
        for i, kind in enumerate(kinds)
    ]
    sandbox = FakeSandbox({OTHER: failed(Outcome.EXCEPTION, "ZeroDivisionError")}, ahead)
    rows = list(verify_shard(iter(programs), sandbox, Verify(duplicates=False)))
    ids = [row.row_id if isinstance(row, Rejected) else row.sample_id for row in rows]
    assert ids == [p.sample_id for p in programs]
    expected = {
        "good": "verified", "short": "too_few_lines", "fails": "exception", "cut": "truncated",
    }  # fmt: skip
    found = [row.verdict if isinstance(row, Rejected) else "verified" for row in rows]
    assert found == [expected[kind] for kind in kinds]


def test_the_files_and_the_counts_agree(tmp_path):
    programs = tmp_path / "programs.parquet"
    write_rows(programs, Program, [sampled(), sampled("x = 1", 1), sampled(OTHER, 2)])
    verified, rejected = tmp_path / "verified.parquet", tmp_path / "rejected.parquet"
    counts = verify_file(programs, verified, rejected, FakeSandbox(), Verify())
    counts.check()
    assert (counts.rows_in, counts.accepted, counts.rejected) == (3, 2, {"too_few_lines": 1})
    assert [row.program for row in read_rows(verified, Verified)] == [GOOD, OTHER]
    assert [row.verdict for row in read_rows(rejected, Rejected)] == ["too_few_lines"]


class FailingSandbox(FakeSandbox):
    def run(self, programs, repeat=0):
        yield from super().run([next(iter(programs))], repeat)
        raise SandboxUnavailable("nsjail is gone")


def test_a_failing_sandbox_writes_no_file(tmp_path):
    programs = tmp_path / "programs.parquet"
    write_rows(programs, Program, [sampled(), sampled(OTHER, 1)])
    out = tmp_path / "out"
    with pytest.raises(SandboxUnavailable):
        verify_file(programs, out / "v.parquet", out / "r.parquet", FailingSandbox(), Verify())
    assert list(out.iterdir()) == []


def run_script(folder: Path, programs: list[Program], spec: dict) -> subprocess.CompletedProcess:
    write_rows(folder / "programs.parquet", Program, programs)
    return subprocess.run(
        [
            sys.executable, "scripts/verify.py", "--programs", folder / "programs.parquet",
            "--verified", folder / "verified.parquet", "--rejected", folder / "rejected.parquet",
            "--workers", "2", "--spec", json.dumps(spec), "--identity", "00000",
            "--provenance", folder / "provenance.json",
        ],
        cwd=ROOT, capture_output=True, text=True, env=dict(os.environ),
    )  # fmt: skip


SPEC = {"verify": {}, "sandbox": {"cpu_s": 1.0}}


def test_the_script_runs_a_shard_in_the_real_sandbox(tmp_path):
    shard = [sampled(), sampled("x = 1", 1), sampled(index=2), sampled(BAD, 3), sampled(OTHER, 4)]
    made = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        done = run_script(folder, shard, SPEC)
        assert done.returncode == 0, done.stderr
        made.append([(folder / f"{n}.parquet").read_bytes() for n in ("verified", "rejected")])
    assert made[0] == made[1]
    verified = list(read_rows(folder / "verified.parquet", Verified))
    assert [(row.program, row.input, row.output) for row in verified] == [
        (GOOD, '{"apples":3,"price":4}', "12"),
        (OTHER, '{"apples":3,"price":4}', "7"),
    ]
    record = json.loads((folder / "provenance.json").read_text())
    assert record["rows"] == {
        "in": 5,
        "accepted": 2,
        "rejected": {"duplicate": 1, "exception": 1, "too_few_lines": 1},
    }
    assert (record["rule"], record["identity"]) == ("verify", "00000")


def test_the_script_accepts_an_empty_shard(tmp_path):
    done = run_script(tmp_path, [], SPEC)
    assert done.returncode == 0, done.stderr
    assert list(read_rows(tmp_path / "verified.parquet", Verified)) == []
    assert list(read_rows(tmp_path / "rejected.parquet", Rejected)) == []


def test_the_script_reports_a_misspelt_key(tmp_path):
    done = run_script(tmp_path, [], {"verify": {"min_line": 3}, "sandbox": {}})
    assert done.returncode == 1
    assert done.stderr == (
        "input error: --spec: key `verify.min_line` is unknown; did you mean `min_lines`?\n"
    )
