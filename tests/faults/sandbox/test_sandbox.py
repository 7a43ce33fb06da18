"""The sandbox over many programs and under load: `make test-faults`."""

import os
from collections import Counter
from pathlib import Path

from tests.faults.sandbox.programs import mixture
from tests.sandbox.processes import DisturbedSandbox, below
from tests.stages.verify.rows import sampled

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.rows.program import Program
from caco.rows.table import write_rows
from caco.runtime.progress import Progress
from caco.sandbox import nsjail
from caco.sandbox.nsjail import NsjailSandbox
from caco.stages.verify.verify import verify_file

LIMITS = Limits(cpu_s=1.0, wall_s=3.0, memory_mb=512, output_bytes=20_000)
CORES = len(os.sched_getaffinity(0))
SOAK = 100_000


def cgroups() -> set[Path]:
    """Returns the cgroups of this process's sandboxes."""
    return set(Path("/sys/fs/cgroup").glob(f"**/caco.{os.getpid()}.*"))


def host_resources() -> tuple[int, int, int, int]:
    """Returns the counts of open files, processes, mounts and cgroups, which a program may leak."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    return (
        len(list(Path("/proc/self/fd").iterdir())),
        len(below(os.getpid())),
        len(mounts),
        len(cgroups()),
    )


def descendants_kib() -> int:
    """Returns the memory of all descendants of this process in KiB; shared pages count once."""
    total = 0
    for pid in below(os.getpid()):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # the program has exited
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    return total


def test_100_000_programs_leak_nothing(monkeypatch):
    """Parents are never replaced in this test: it must not depend on their replacement."""
    monkeypatch.setattr(nsjail, "_PROGRAMS_PER_PARENT", 10 * SOAK)
    before = host_resources()
    expected = mixture(SOAK, slow_every=5_000)
    progress = Progress("soak", SOAK, "programs")
    wrong: list[tuple[str, object]] = []
    memory_kib: list[int] = []
    with NsjailSandbox(LIMITS, CORES) as sandbox:
        for i, execution in enumerate(sandbox.run(text for text, _ in expected)):
            progress.add()
            if execution.outcome is not expected[i][1]:
                wrong.append((expected[i][0], execution))
            if i % (SOAK // 10) == SOAK // 20:
                memory_kib.append(descendants_kib())
                during = host_resources()
        assert i + 1 == SOAK
    assert wrong == []
    print("KiB in the jails during the test:", memory_kib)
    # A measurement includes the programs that run at that time, so the test compares the second
    # smallest value of each half.
    early, late = sorted(memory_kib[:5])[1], sorted(memory_kib[5:])[1]
    assert late < early + 4_096
    assert during[2] == before[2]
    assert host_resources() == before


def test_outcomes_on_an_idle_and_an_overloaded_machine_are_equal():
    expected = mixture(2_000, slow_every=50)
    found = {}
    for workers in (CORES, 4 * CORES):
        with NsjailSandbox(LIMITS, workers) as sandbox:
            runs = list(sandbox.run(text for text, _ in expected))
        found[workers] = [(run.outcome, run.detail, run.input, run.output) for run in runs]
        print(f"{workers} workers on {CORES} cores: {Counter(run.outcome for run in runs)}")
    idle, overloaded = found.values()
    assert [outcome for outcome, *_ in idle] == [outcome for _, outcome in expected]
    assert overloaded == idle


def test_a_shard_whose_jails_are_killed_has_the_same_bytes(tmp_path):
    programs = tmp_path / "programs.parquet"
    texts = [text for text, _ in mixture(3_000, slow_every=1_000)]
    write_rows(programs, Program, (sampled(text, i) for i, text in enumerate(texts)))

    def verified(name: str, sandbox: NsjailSandbox) -> list[bytes]:
        passed = tmp_path / f"{name}.verified.parquet"
        rejected = tmp_path / f"{name}.rejected.parquet"
        counts = verify_file(programs, passed, rejected, sandbox, Verify(min_lines=0))
        assert counts.rows_in == len(texts)
        return [passed.read_bytes(), rejected.read_bytes()]

    with NsjailSandbox(LIMITS, CORES) as sandbox:
        uninterrupted = verified("uninterrupted", sandbox)
    with DisturbedSandbox(LIMITS, CORES, every=180) as disturbed:
        interrupted = verified("interrupted", disturbed)
    print(f"{disturbed.killed} processes killed during the shard")
    assert disturbed.killed >= 40
    assert interrupted == uninterrupted
