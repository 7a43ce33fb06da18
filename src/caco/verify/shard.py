"""Verification of a shard: programs in, each verified or rejected with one verdict, streamed."""

import json
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from caco.config.sandbox import Sandbox as Limits
from caco.config.section import Section
from caco.config.verify import Verify
from caco.progress import Progress
from caco.provenance import Counts
from caco.rows.program import Program
from caco.rows.rejected import Rejected, reject
from caco.rows.table import count_rows, read_rows, write_rows
from caco.rows.verified import Verified
from caco.sandbox.protocol import Execution, Outcome, Sandbox
from caco.verify.rules import Broken, broken_after, broken_before


class VerifySpec(Section):
    """What the rule `verify` depends on: the rules, and the limits that programs run under."""

    verify: Verify
    sandbox: Limits


def verify_shard(
    programs: Iterable[Program], sandbox: Sandbox, settings: Verify
) -> Iterator[Verified | Rejected]:
    """Yields one row for each program, in order.

    Args:
        programs: The shard.
        sandbox: Where they run; only programs whose text keeps the rules do.
        settings: Thresholds of the rules.

    Raises:
        SandboxUnavailable: The sandbox failed; no program is blamed for it.
    """
    taken: deque[tuple[Program, Broken | None]] = deque()

    def to_run() -> Iterator[str]:
        seen: set[str] = set()
        for program in programs:
            broken = broken_before(program, settings)
            if broken is None and settings.duplicates and program.program_id in seen:
                reason = f"the shard has a program with the syntax tree {program.program_id}"
                broken = Broken("duplicate", reason)
            taken.append((program, broken))
            if broken is None:
                seen.add(program.program_id)
                yield program.program

    for run in sandbox.run(to_run()):
        while taken[0][1] is not None:
            yield _rejected(*taken.popleft())
        yield _judged(taken.popleft()[0], run, settings)
    while taken:
        yield _rejected(*taken.popleft())


def verify_file(
    programs: Path, verified: Path, rejected: Path, sandbox: Sandbox, settings: Verify
) -> Counts:
    """Verifies the shard in `programs` and writes what passed and what did not.

    Rejected rows wait in a temporary file until the verified ones are written: neither kind is
    held in memory.

    Returns:
        The counts by verdict; they add up to the shard.
    """
    counts = Counts()
    progress = Progress("verify", count_rows(programs, Program), "programs")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as aside:

        def passed() -> Iterator[Verified]:
            for row in verify_shard(read_rows(programs, Program), sandbox, settings):
                progress.add()
                if isinstance(row, Verified):
                    counts.accept()
                    yield row
                else:
                    counts.reject(row.verdict)
                    aside.write(json.dumps(asdict(row)) + "\n")

        write_rows(verified, Verified, passed())
        write_rows(rejected, Rejected, _read_aside(aside))
    return counts


def _read_aside(aside: TextIO) -> Iterator[Rejected]:
    aside.seek(0)
    for line in aside:
        yield Rejected(**json.loads(line))


def _judged(program: Program, run: Execution, settings: Verify) -> Verified | Rejected:
    """Returns the row of a program that was executed."""
    if run.outcome is not Outcome.OK:
        return _rejected(program, Broken(run.outcome.value, run.detail))
    if (broken := broken_after(program, run, settings)) is not None:
        return _rejected(program, broken)
    assert run.input is not None
    assert run.output is not None
    return Verified(
        sample_id=program.sample_id,
        program_id=program.program_id,
        shard=program.shard,
        program=program.program,
        codegen=program.model,
        input=run.input,
        output=run.output,
    )


def _rejected(program: Program, broken: Broken | None) -> Rejected:
    assert broken is not None
    return reject(program.sample_id, broken.verdict, broken.reason, program)
