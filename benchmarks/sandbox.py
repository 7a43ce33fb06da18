"""Measures the sandbox beside other ways to run the same programs; prints Markdown tables.

The contestants take turns, a few seconds each, so that the noise of the machine hits all alike;
ratios are taken within a round. See docs/benchmarks.md.
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

from contestants import ColdNsjail, Contestant, Sandbox, floor, manager_way
from memory import memory_of_a_worker
from programs import TEMPLATES, plain_programs, sympy_programs

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.sandbox.kinds import Kind
from caco.sandbox.nsjail import NsjailSandbox

# A multiple of the templates, and of the 32 programs that two workers take at once.
_SYMPY_PROGRAMS = 96
_SANDBOX, _MANAGER = "this sandbox", "manager and process"
_COLD, _FLOOR = "cold nsjail", "bare fork"


@dataclass(slots=True)
class Entry:
    """A contestant, and what was measured of it on one set of programs.

    Attributes:
        way: What it is.
        workers: Programs side by side.
        contestant: What runs them.
        rates: Programs a second, a number for each round.
        overheads: Of the sandbox: wall less CPU milliseconds of every program.
        ok: Programs that gave an output.
        ran: Programs in a round.
    """

    way: str
    workers: int
    contestant: Contestant
    rates: list[float] = field(default_factory=list)
    overheads: list[float] = field(default_factory=list)
    ok: int = 0
    ran: int = 0


@dataclass(slots=True)
class Contest:
    """Programs of one kind and how each contestant does with them."""

    title: str
    kind: Kind
    programs: list[str]
    few: int  # programs a round for a contestant that takes tens of milliseconds for each
    entries: list[Entry]

    def expect(self) -> None:
        """Runs everything once: processes start, and all contestants must agree on the outputs."""
        wanted = self.entries[0].contestant.run(self.programs, self.kind)
        assert any(output is not None for output in wanted), f"{self.title}: no program ran"
        for entry in self.entries:
            programs = self._programs(entry)
            outputs = entry.contestant.run(programs, self.kind)
            for program, want, got in zip(programs, wanted, outputs, strict=False):
                same = (want is None) == (got is None) and got in ("", want)
                assert same, f"{entry.way}: {got} where the sandbox gives {want}:\n{program}"
            entry.ran = len(programs)
            entry.ok = sum(output is not None for output in outputs)

    def round(self, first: int, progress: Progress) -> None:
        """Times every contestant once, beginning with another one each time."""
        first %= len(self.entries)
        for entry in [*self.entries[first:], *self.entries[:first]]:
            programs = self._programs(entry)
            began = time.perf_counter()
            entry.contestant.run(programs, self.kind)
            entry.rates.append(len(programs) / (time.perf_counter() - began))
            if isinstance(entry.contestant, Sandbox):
                done = entry.contestant.executions
                entry.overheads += [1000 * (e.wall_s - e.cpu_s) for e in done]
            progress.add()

    def _programs(self, entry: Entry) -> list[str]:
        return self.programs[: self.few] if entry.way in (_MANAGER, _COLD) else self.programs

    def table(self) -> str:
        """Returns the figures as Markdown."""
        lines = [
            f"### {self.title}\n",
            "| contestant | workers | programs/s, median (min..max) | to manager and process "
            "| to bare fork | to its 1 worker | ok |",
            "|---|---|---|---|---|---|---|",
        ]
        for entry in self.entries:
            cells = [
                entry.way,
                str(entry.workers),
                f"{median(entry.rates):,.1f} ({min(entry.rates):,.1f}..{max(entry.rates):,.1f})",
                _ratio(entry, self._entry(_MANAGER)),
                _ratio(entry, self._entry(_FLOOR, entry.workers)),
                _ratio(entry, self._entry(entry.way, 1)) if entry.workers > 1 else "",
                f"{entry.ok} of {entry.ran}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", "| overhead a program, ms (wall less CPU) | p50 | p99 |", "|---|---|---|"]
        for entry in self.entries:
            if entry.overheads:
                cuts = quantiles(entry.overheads, n=100)
                name = f"{entry.way}, {entry.workers} worker{'s' if entry.workers > 1 else ''}"
                lines.append(f"| {name} | {cuts[49]:.2f} | {cuts[98]:.2f} |")
        return "\n".join(lines) + "\n"

    def _entry(self, way: str, workers: int | None = None) -> Entry | None:
        found = (e for e in self.entries if e.way == way and workers in (None, e.workers))
        return next(found, None)


def _ratio(entry: Entry, other: Entry | None) -> str:
    """Returns the median over the rounds of one rate over another."""
    if other is None:
        return ""
    ratios = [mine / theirs for mine, theirs in zip(entry.rates, other.rates, strict=True)]
    return f"{median(ratios):.2f}"


def _memory_table(limits: Limits) -> str:
    held = memory_of_a_worker(limits)
    lines = ["### Memory of one worker, MiB\n", "| process | RSS | PSS |", "|---|---|---|"]
    lines += [f"| {h.name} | {h.rss:.1f} | {h.pss:.1f} |" for h in held]
    total = f"| all | {sum(h.rss for h in held):.1f} | {sum(h.pss for h in held):.1f} |"
    return "\n".join([*lines, total]) + "\n"


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, "
        f"kernel {platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.2f} at the start"
    )


def _contests(stack: ExitStack, plain: list[str], limits: Limits, workers: int) -> list[Contest]:
    """Starts every contestant and returns the two contests."""
    counts: Sequence[int] = sorted({1, workers})
    ways: list[tuple[str, int, Contestant]] = []
    for count in counts:
        sandbox = stack.enter_context(NsjailSandbox(limits, count))
        ways.append((_SANDBOX, count, Sandbox(sandbox)))
    ways.append((_MANAGER, workers, stack.enter_context(manager_way(workers))))
    ways.append((_COLD, workers, ColdNsjail(limits, workers)))
    ways += [(_FLOOR, count, stack.enter_context(floor(count))) for count in counts]
    return [
        Contest("Plain programs", Kind.PLAIN, plain, 48, [Entry(*way) for way in ways]),
        Contest(
            "SymPy programs",
            Kind.HEAVY,
            sympy_programs(_SYMPY_PROGRAMS),
            len(TEMPLATES),
            [Entry(*way) for way in ways],
        ),
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gsm8k", type=Path, help="GSM8K's .jsonl file; generated programs if not")
    parser.add_argument("--programs", type=int, default=1024, help="plain programs a round")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every contestant")
    parser.add_argument("--workers", type=int, default=2, help="programs side by side")
    args = parser.parse_args()
    limits = Limits.from_spec("{}")
    print(f"{_machine()}\n", flush=True)
    print(_memory_table(limits), flush=True)
    plain = plain_programs(args.programs, args.gsm8k)
    with ExitStack() as stack:
        contests = _contests(stack, plain, limits, args.workers)
        for contest in contests:
            contest.expect()
        turns = args.rounds * sum(len(contest.entries) for contest in contests)
        progress = Progress("benchmark", turns, "turns")
        for number in range(args.rounds):
            for contest in contests:
                contest.round(number, progress)
    for contest in contests:
        print(contest.table(), flush=True)


if __name__ == "__main__":
    run(main)
