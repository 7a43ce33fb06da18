"""Every adversary has its expected outcome and leaves no trace on the host."""

import fcntl
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.sandbox.adversaries import CORPUS, SECRET, Adversary
from tests.sandbox.processes import below

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.jail import Kind, kind_of
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution, Outcome

SHORT = Limits(cpu_s=1.0, wall_s=3.0, memory_mb=256, output_bytes=20_000)
# For adversaries that no time limit may end: filling the memory can take over a second.
LONG = SHORT.model_copy(update={"cpu_s": 10.0, "wall_s": 60.0})
TIMEOUTS = {Outcome.CPU_TIMEOUT, Outcome.WALL_TIMEOUT}
# Timeouts that run in parallel with honest programs: few, since each takes the full limit.
SPINNING = {"an endless sum", "swallowed exceptions"}

# Lists /tmp and its working folder, writes and reads a file, and computes.
_NEIGHBOUR = f"""
os = __import__("os")
input = {{"n": 200}}
found = os.listdir("/tmp") + os.listdir(".")
with open("/tmp/numbers", "w") as file:
    file.write(" ".join(map(str, range(input["n"]))))
with open("/tmp/numbers") as file:
    total = sum(map(int, file.read().split()))
output = [found, os.listdir("/tmp"), total, {"".join(SECRET)!r}]
"""
_IMPORTS = {Kind.PLAIN: "", Kind.STANDARD: "import random\n", Kind.HEAVY: "import numpy\n"}
NEIGHBOUR_OUTPUT = f'[[],["numbers"],19900,"{"".join(SECRET)}"]'


def neighbour(kind: Kind) -> str:
    """Returns an honest program for a parent of `kind`."""
    return _IMPORTS[kind] + _NEIGHBOUR


@dataclass(frozen=True, slots=True)
class Host:
    """State of the host that a program could have changed."""

    processes: Counter[str]  # descendants of this process, by command line
    descriptors: int
    mounts: int
    ipc: int
    name: str
    null_is_free: bool
    canary: tuple[str, int]


def host(canary: Path) -> Host:
    """Returns the current state of the host."""
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        fcntl.flock(null, fcntl.LOCK_EX | fcntl.LOCK_NB)
        null_is_free = True
    except BlockingIOError:
        null_is_free = False
    finally:
        os.close(null)
    return Host(
        processes=commands(below(os.getpid())),
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        mounts=len(Path("/proc/self/mounts").read_text().splitlines()),
        ipc=sum(len(p.read_text().splitlines()) for p in Path("/proc/sysvipc").glob("*")),
        name=os.uname().nodename,
        null_is_free=null_is_free,
        canary=(canary.read_text(), canary.stat().st_mtime_ns),
    )


def commands(processes: list[int]) -> Counter[str]:
    """Counts the command lines of processes that still run."""
    found: Counter[str] = Counter()
    for process in processes:
        try:
            found[Path(f"/proc/{process}/cmdline").read_text()] += 1
        except OSError:
            continue
    return found


def stalled_s() -> float:
    """Returns for how long any task on this machine has waited for a CPU; 0 if unknown."""
    try:
        first = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return 0.0
    return int(first.rpartition("total=")[2]) / 1e6


def check(adversary: Adversary, execution: Execution) -> None:
    assert execution.outcome in adversary.outcomes, execution
    assert adversary.detail in execution.detail
    if adversary.output is not None:
        assert execution.output == adversary.output
    assert (execution.output is None) == (execution.outcome is not Outcome.OK)


def check_alone(sandbox: NsjailSandbox, limits: Limits, adversary: Adversary, canary: Path) -> None:
    """Runs an adversary between two honest programs of its kind, and compares the host state."""
    honest = neighbour(kind_of(adversary.program))
    (warmed,) = sandbox.run([honest])
    assert warmed.output == NEIGHBOUR_OUTPUT, warmed
    before, stalled = host(canary), stalled_s()
    execution, after = sandbox.run([adversary.program, honest])
    check(adversary, execution)
    # Time in the run queue does not count.
    assert execution.wall_s <= limits.wall_s + 1 + stalled_s() - stalled
    assert (after.outcome, after.output) == (Outcome.OK, NEIGHBOUR_OUTPUT), after
    assert host(canary) == before


@pytest.fixture(scope="module")
def short() -> Iterator[NsjailSandbox]:
    with NsjailSandbox(SHORT, workers=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def long() -> Iterator[NsjailSandbox]:
    with NsjailSandbox(LONG, workers=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def canary() -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w", prefix="caco-canary-") as file:
        file.write("unchanged")
        file.flush()
        yield Path(file.name)


def test_the_corpus_is_large_and_has_few_timeouts():
    names = [a.name for a in CORPUS]
    assert len(set(names)) == len(names)
    assert len(CORPUS) >= 90
    assert sum(bool(a.outcomes & TIMEOUTS) for a in CORPUS) <= 15


@pytest.mark.parametrize(
    "adversary", [a for a in CORPUS if not a.outcomes & TIMEOUTS], ids=lambda a: a.name
)
def test_an_adversary_has_its_outcome_and_leaves_no_trace(long, canary, adversary):
    check_alone(long, LONG, adversary, canary)


@pytest.mark.parametrize(
    "adversary", [a for a in CORPUS if a.outcomes & TIMEOUTS], ids=lambda a: a.name
)
def test_an_adversary_that_never_ends_is_timed_out_and_leaves_no_trace(short, canary, adversary):
    check_alone(short, SHORT, adversary, canary)


def test_adversaries_and_honest_programs_in_parallel(canary):
    """Every honest program has its output, and every adversary its outcome."""
    adversaries = [a for a in CORPUS if not a.outcomes & TIMEOUTS or a.name in SPINNING]
    programs = [
        program
        for a in adversaries
        for program in (a.program, neighbour(kind_of(a.program)), neighbour(Kind.PLAIN))
    ]
    with NsjailSandbox(LONG, workers=2) as two:
        executions = list(two.run(programs))
    assert len(executions) == len(programs)
    for adversary, execution in zip(adversaries, executions[::3], strict=True):
        check(adversary, execution)
    honest = [e for i, e in enumerate(executions) if i % 3]
    assert [e for e in honest if e.output != NEIGHBOUR_OUTPUT] == []
