"""Verification of a shard: each program is verified, or rejected with one verdict."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

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
from caco.stages.verify.perturb import Perturbation, perturbations
from caco.stages.verify.rerun_rules import (
    PerturbedRun,
    Runs,
    rerun_violation,
    suspicions,
    switched_on,
)
from caco.stages.verify.rules import (
    Candidate,
    Violation,
    analysed,
    result_violation,
    text_violation,
)
from caco.stages.verify.second_runs import second_run_violations
from caco.stages.verify.source import Source, literal_input

_WINDOW = 1_024  # programs in memory: enough to keep every worker of a large machine busy
_ROUNDS = (2, 4)  # perturbed runs in each of the first rounds; a last round runs the rest

T = TypeVar("T")


class VerifySpec(Section):
    """The settings that the rule `verify` depends on: the rules, and the limits of programs."""

    verify: Verify
    sandbox: Limits


def verify_shard(
    programs: Iterable[Program], sandbox: Sandbox, settings: Verify
) -> Iterator[Verified | Rejected]:
    """Yields one row for each program, in order.

    Programs are processed in windows: all that satisfy the rules on the text run once, those
    without a violation run a second time, those that changed their `input` once more from its
    recorded value, and the remaining ones run on perturbed inputs. A sandbox streams one batch at a
    time.

    Args:
        programs: The programs of the shard.
        sandbox: Executes the programs.
        settings: Thresholds of the rules.

    Raises:
        SandboxUnavailable: The sandbox failed; no program gets a verdict for it.
    """
    seen: set[str] = set()
    source = iter(programs)
    while window := list(islice(source, _WINDOW)):
        items = [_Item(Candidate(program, Source(program.program))) for program in window]
        for item in items:
            _analyse(item, partial(text_violation, item.candidate, settings))
            if settings.duplicates and item.violation is None:
                name = item.candidate.row.program_id
                if name in seen:
                    reason = f"the shard has a program with the same syntax tree, {name}"
                    item.violation = Violation("duplicate", reason)
                seen.add(name)
        _run_first(_without_violation(items), sandbox, settings)
        _run_second(_without_violation(items), sandbox, settings)
        if switched_on(settings):
            _run_perturbed(_without_violation(items), sandbox, settings)
        yield from map(_outcome, items)


def verify_file(
    programs: Path, verified: Path, rejected: Path, sandbox: Sandbox, settings: Verify
) -> Counts:
    """Verifies a shard and writes the verified and the rejected rows.

    A temporary file holds the rejected rows until the verified ones are written, so that neither
    are in memory.

    Args:
        programs: The file of the shard (`Program` rows).
        verified: The file of verified programs (`Verified` rows).
        rejected: The file of rejected programs (`Rejected` rows).
        sandbox: Executes the programs.
        settings: Thresholds of the rules.

    Returns:
        The counts by verdict; their sum is the number of programs.

    Raises:
        SandboxUnavailable: The sandbox failed; neither file is written.
    """
    counts = Counts()
    progress = Progress("verify", count_rows(programs, Program), "programs")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:

        def verified_rows() -> Iterator[Verified]:
            for row in verify_shard(read_rows(programs, Program), sandbox, settings):
                progress.add()
                if isinstance(row, Verified):
                    counts.accept()
                    yield row
                else:
                    counts.reject(row.verdict)
                    spool.write(json.dumps(asdict(row)) + "\n")

        write_rows(verified, Verified, verified_rows())
        write_rows(rejected, Rejected, _read_rejected(spool))
    return counts


def _read_rejected(spool: TextIO) -> Iterator[Rejected]:
    spool.seek(0)
    for line in spool:
        yield Rejected(**json.loads(line))


@dataclass(slots=True)
class _Item:
    """A program with its violation, if any, and its runs so far."""

    candidate: Candidate
    violation: Violation | None = None
    runs: Runs | None = None


def _analyse(item: _Item, analysis: Callable[[], T | Violation]) -> T | None:
    """Returns the result of an analysis of a program, or stores its violation and returns None."""
    found = analysed(analysis)
    if isinstance(found, Violation):
        item.violation = found
        return None
    return found


def _without_violation(items: list[_Item]) -> list[_Item]:
    return [item for item in items if item.violation is None]


def _run_first(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    for item, run in execute_in_order(sandbox, ((i, i.candidate.source.text) for i in items)):
        if run.outcome is Outcome.OK:
            item.runs = Runs(run, None, ())
            _analyse(item, partial(result_violation, item.candidate, run, settings))
        else:
            item.violation = Violation(run.outcome.value, run.detail)


def _run_second(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    firsts = [(item.candidate, item.runs.first) for item in items if item.runs is not None]
    violations = second_run_violations(firsts, sandbox, settings)
    for item, violation in zip(items, violations, strict=True):
        item.violation = violation


def _run_perturbed(items: list[_Item], sandbox: Sandbox, settings: Verify) -> None:
    """Runs the programs on perturbed inputs, in rounds; only suspects enter the next round."""
    suspects: list[tuple[_Item, Iterator[Perturbation]]] = []
    for item in items:
        literal = _analyse(item, partial(literal_input, item.candidate.source))
        if literal is not None and item.runs is not None:
            item.runs = replace(item.runs, literal=literal)
            name = item.candidate.row.program_id
            suspects.append((item, perturbations(literal, name, settings.perturbations)))
    for size in (*_ROUNDS, settings.perturbations):
        chosen = [
            (item, perturbation)
            for item, more in suspects
            for perturbation in _analyse(item, partial(_next, more, size)) or []
        ]
        suspects = [(item, more) for item, more in suspects if item.violation is None]
        runs: dict[int, list[PerturbedRun]] = {id(item): [] for item, _ in suspects}
        programs = (((item, p), p.program) for item, p in chosen)
        for (item, p), run in execute_in_order(sandbox, programs):
            runs[id(item)].append(PerturbedRun(p.input, run))
        for item, _ in suspects:
            assert item.runs is not None
            perturbed = (*item.runs.perturbed, *runs[id(item)])
            item.runs = replace(item.runs, perturbed=perturbed)
        suspects = [
            (item, more)
            for item, more in suspects
            if _analyse(item, partial(_is_suspect, item, settings))
        ]
    for item, _ in suspects:
        assert item.runs is not None
        _analyse(item, partial(rerun_violation, item.candidate, item.runs, settings))


def _next(more: Iterator[Perturbation], count: int) -> list[Perturbation]:
    return list(islice(more, count))


def _is_suspect(item: _Item, settings: Verify) -> bool:
    """Returns whether a program is still suspect; one that hit a limit is not, to save time."""
    assert item.runs is not None
    if any(one.run.limit is not None for one in item.runs.perturbed):
        return False
    return any(suspicions(item.candidate, item.runs, settings))


def _outcome(item: _Item) -> Verified | Rejected:
    program = item.candidate.row
    if item.violation is not None:
        return reject(program.sample_id, item.violation.verdict, item.violation.reason, program)
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
