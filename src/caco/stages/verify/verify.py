"""Verification of a shard: programs in, each verified or rejected with one verdict, streamed."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.config.section import Section
from caco.rows.program import Program
from caco.rows.rejected import Rejected, reject
from caco.rows.table import count_rows, read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.sandbox.protocol import Outcome, Sandbox, execute_in_order
from caco.stages.verify.literal import literal_input
from caco.stages.verify.perturb import Perturbation, perturbations
from caco.stages.verify.rerun_rules import (
    PerturbedRun,
    Rerun,
    Runs,
    broken_by_runs,
    rules_asking_for,
    suspicions,
)
from caco.stages.verify.rules import Broken, Candidate, Source, broken_after, broken_before

_WINDOW = 1_024  # programs held at a time: enough to keep every worker of a large machine busy
_ROUNDS = (2, 4)  # perturbed runs of the first rounds; the last round takes the rest


class VerifySpec(Section):
    """What the rule `verify` depends on: the rules, and the limits that programs run under."""

    verify: Verify
    sandbox: Limits


def verify_shard(
    programs: Iterable[Program], sandbox: Sandbox, settings: Verify
) -> Iterator[Verified | Rejected]:
    """Yields one row for each program, in order.

    A window of programs is held at a time: all of them run once, then those that broke no rule run
    a second time, then those left run on perturbed inputs. A sandbox streams one batch at a time.

    Args:
        programs: The shard.
        sandbox: Where they run; only programs whose text keeps the rules do.
        settings: Thresholds of the rules.

    Raises:
        SandboxUnavailable: The sandbox failed; no program is blamed for it.
    """
    seen: set[str] = set()
    source = iter(programs)
    while window := list(islice(source, _WINDOW)):
        items = [_Item(Candidate(program, Source(program.program))) for program in window]
        for item in items:
            item.broken = broken_before(item.candidate, settings)
            if settings.duplicates and item.broken is None:
                name = item.candidate.row.program_id
                if name in seen:
                    reason = f"the shard has a program with the syntax tree {name}"
                    item.broken = Broken("duplicate", reason)
                seen.add(name)
        _run_first(_unbroken(items), sandbox, settings)
        if rules_asking_for(Rerun.SECOND, settings):
            _run_second(_unbroken(items), sandbox, settings)
        if rules_asking_for(Rerun.PERTURBED, settings):
            _run_perturbed(_unbroken(items), sandbox, settings)
        yield from map(_row, items)


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


@dataclass(slots=True)
class _Item:
    """A program on its way through the runs."""

    candidate: Candidate
    broken: Broken | None = None
    runs: Runs | None = None


def _unbroken(items: list[_Item]) -> list[_Item]:
    return [item for item in items if item.broken is None]


def _run_first(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    for item, run in execute_in_order(sandbox, ((i, i.candidate.source.text) for i in items)):
        if run.outcome is Outcome.OK:
            item.runs = Runs(run, None, None, ())
            item.broken = broken_after(item.candidate, run, settings)
        else:
            item.broken = Broken(run.outcome.value, run.detail)


def _run_second(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    programs = ((i, i.candidate.source.text) for i in items)
    for item, run in execute_in_order(sandbox, programs, repeat=1):
        assert item.runs is not None
        item.runs = replace(item.runs, second=run)
        item.broken = broken_by_runs(item.candidate, item.runs, Rerun.SECOND, settings)


def _run_perturbed(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    """Runs the programs on perturbed inputs, in rounds: only what is still suspect goes on."""
    going: list[tuple[_Item, Iterator[Perturbation]]] = []
    for item in items:
        literal = literal_input(item.candidate.source)
        if literal is not None and item.runs is not None:
            item.runs = replace(item.runs, literal=literal)
            name = item.candidate.row.program_id
            going.append((item, perturbations(literal, name, settings.perturbations)))
    for size in (*_ROUNDS, settings.perturbations):
        chosen = [(item, p) for item, more in going for p in islice(more, size)]
        found: dict[int, list[PerturbedRun]] = {id(item): [] for item, _ in going}
        programs = (((item, p), p.program) for item, p in chosen)
        for (item, p), run in execute_in_order(sandbox, programs):
            found[id(item)].append(PerturbedRun(p.given, run))
        for item, _ in going:
            assert item.runs is not None
            perturbed = (*item.runs.perturbed, *found[id(item)])
            item.runs = replace(item.runs, perturbed=perturbed)
        going = [(item, more) for item, more in going if _goes_on(item, settings)]
    for item, _ in going:
        assert item.runs is not None
        item.broken = broken_by_runs(item.candidate, item.runs, Rerun.PERTURBED, settings)


def _goes_on(item: _Item, settings: Verify) -> bool:
    """Tells whether a program is still suspect; one that hits a limit would only go on to."""
    assert item.runs is not None
    if any(one.run.limit is not None for one in item.runs.perturbed):
        return False
    return any(suspicions(item.candidate, item.runs, Rerun.PERTURBED, settings))


def _row(item: _Item) -> Verified | Rejected:
    program = item.candidate.row
    if item.broken is not None:
        return reject(program.sample_id, item.broken.verdict, item.broken.reason, program)
    assert item.runs is not None
    run = item.runs.first
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
