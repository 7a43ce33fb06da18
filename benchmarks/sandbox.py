"""Compares the sandbox with other implementations on the same programs; prints Markdown tables.

Every implementation runs for a few seconds per round, in rotating order, so the noise of the
machine affects all of them equally; ratios are computed within a round. See docs/benchmarks.md.
"""

import argparse
import os
import platform
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from implementations import ColdNsjail, Implementation, Sandbox, bare_fork, manager_process
from memory import worker_memory
from programs import TEMPLATES, plain_programs, sympy_programs

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.sandbox.jail import Kind
from caco.sandbox.nsjail import NsjailSandbox

# A multiple of the number of templates, and of the 32 programs in one request to two workers.
_SYMPY_PROGRAMS = 96
_SANDBOX, _MANAGER = "this sandbox", "manager and process"
_COLD, _BARE_FORK = "cold nsjail", "bare fork"


@dataclass(slots=True)
class Measurement:
    """An implementation and its measurements on one set of programs.

    Attributes:
        name: Label in the table.
        workers: Concurrent programs.
        implementation: Runs the programs.
        rates: Programs per second, one value per round.
        overheads: Only for the sandbox: wall minus CPU time of every program, ms.
        ok: Programs with an output.
        ran: Programs per round.
    """

    name: str
    workers: int
    implementation: Implementation
    rates: list[float] = field(default_factory=list)
    overheads: list[float] = field(default_factory=list)
    ok: int = 0
    ran: int = 0


@dataclass(slots=True)
class ProgramSet:
    """Programs of one kind, and the measurements of each implementation on them."""

    title: str
    kind: Kind
    programs: list[str]
    few: int  # programs per round for the slow implementations: tens of milliseconds for each
    measurements: list[Measurement]

    def check(self) -> None:
        """Runs everything once: starts the processes and checks that all outputs are equal."""
        expected = self.measurements[0].implementation.run(self.programs, self.kind)
        assert any(output is not None for output in expected), f"{self.title}: no program ran"
        for entry in self.measurements:
            programs = self._programs(entry)
            outputs = entry.implementation.run(programs, self.kind)
            for program, expected_output, output in zip(programs, expected, outputs, strict=False):
                failed = expected_output is None
                same = failed == (output is None) and output in ("", expected_output)
                found = f"output {output}, expected {expected_output}"
                assert same, f"{entry.name}: {found}:\n{program}"
            entry.ran = len(programs)
            entry.ok = sum(output is not None for output in outputs)

    def round(self, first: int, progress: Progress) -> None:
        """Times every implementation once, starting at index `first`, modulo their number."""
        first %= len(self.measurements)
        for entry in [*self.measurements[first:], *self.measurements[:first]]:
            programs = self._programs(entry)
            began = time.perf_counter()
            entry.implementation.run(programs, self.kind)
            entry.rates.append(len(programs) / (time.perf_counter() - began))
            if isinstance(entry.implementation, Sandbox):
                done = entry.implementation.executions
                entry.overheads += [1000 * (e.wall_s - e.cpu_s) for e in done]
            progress.add()

    def _programs(self, entry: Measurement) -> list[str]:
        return self.programs[: self.few] if entry.name in (_MANAGER, _COLD) else self.programs

    def table(self) -> str:
        """Returns the figures as Markdown."""
        lines = [
            f"### {self.title}\n",
            "| implementation | workers | programs/s, median (min..max) | to manager and process "
            "| to bare fork | to its 1 worker | ok |",
            "|---|---|---|---|---|---|---|",
        ]
        for entry in self.measurements:
            cells = [
                entry.name,
                str(entry.workers),
                f"{median(entry.rates):,.1f} ({min(entry.rates):,.1f}..{max(entry.rates):,.1f})",
                _ratio(entry, self._measurement(_MANAGER)),
                _ratio(entry, self._measurement(_BARE_FORK, entry.workers)),
                _ratio(entry, self._measurement(entry.name, 1)) if entry.workers > 1 else "",
                f"{entry.ok} of {entry.ran}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", "| overhead per program, ms (wall minus CPU) | p50 | p99 |", "|---|---|---|"]
        for entry in self.measurements:
            if entry.overheads:
                cuts = quantiles(entry.overheads, n=100)
                label = f"{entry.name}, {entry.workers} worker{'s' if entry.workers > 1 else ''}"
                lines.append(f"| {label} | {cuts[49]:.2f} | {cuts[98]:.2f} |")
        return "\n".join(lines) + "\n"

    def _measurement(self, name: str, workers: int | None = None) -> Measurement | None:
        found = (e for e in self.measurements if e.name == name and workers in (None, e.workers))
        return next(found, None)


def _ratio(entry: Measurement, other: Measurement | None) -> str:
    """Returns the median over the rounds of the ratio of two rates."""
    if other is None:
        return ""
    ratios = [own / reference for own, reference in zip(entry.rates, other.rates, strict=True)]
    return f"{median(ratios):.2f}"


def _memory_table(limits: Limits) -> str:
    processes = worker_memory(limits)
    lines = ["### Memory of one worker, MiB\n", "| process | RSS | PSS |", "|---|---|---|"]
    lines += [f"| {p.name} | {p.rss:.1f} | {p.pss:.1f} |" for p in processes]
    total = f"| all | {sum(p.rss for p in processes):.1f} | {sum(p.pss for p in processes):.1f} |"
    return "\n".join([*lines, total]) + "\n"


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, "
        f"kernel {platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.2f} at the start"
    )


def _program_sets(
    stack: ExitStack, plain: list[str], limits: Limits, workers: int
) -> list[ProgramSet]:
    """Starts every implementation and returns the two sets of programs."""
    counts: Sequence[int] = sorted({1, workers})
    started: list[tuple[str, int, Implementation]] = []
    for count in counts:
        sandbox = stack.enter_context(NsjailSandbox(limits, count))
        started.append((_SANDBOX, count, Sandbox(sandbox)))
    started.append((_MANAGER, workers, stack.enter_context(manager_process(workers))))
    started.append((_COLD, workers, ColdNsjail(limits, workers)))
    started += [(_BARE_FORK, count, stack.enter_context(bare_fork(count))) for count in counts]
    return [
        ProgramSet(
            "Plain programs", Kind.PLAIN, plain, 48, [Measurement(*item) for item in started]
        ),
        ProgramSet(
            "SymPy programs",
            Kind.HEAVY,
            sympy_programs(_SYMPY_PROGRAMS),
            len(TEMPLATES),
            [Measurement(*item) for item in started],
        ),
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--gsm8k", type=Path, help="GSM8K's .jsonl file; default: generated programs"
    )
    parser.add_argument("--programs", type=int, default=1024, help="plain programs per round")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    parser.add_argument("--workers", type=int, default=2, help="concurrent programs")
    args = parser.parse_args()
    limits = Limits()
    print(f"{_machine()}\n", flush=True)
    print(_memory_table(limits), flush=True)
    plain = plain_programs(args.programs, args.gsm8k)
    with ExitStack() as stack:
        program_sets = _program_sets(stack, plain, limits, args.workers)
        for program_set in program_sets:
            program_set.check()
        total = args.rounds * sum(len(program_set.measurements) for program_set in program_sets)
        progress = Progress("benchmark", total, "measurements")
        for number in range(args.rounds):
            for program_set in program_sets:
                program_set.round(number, progress)
    for program_set in program_sets:
        print(program_set.table(), flush=True)


if __name__ == "__main__":
    run(main)
