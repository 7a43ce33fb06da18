"""The sandbox for long and under load: `make test-faults`."""

import os
from collections import Counter
from pathlib import Path

from tests.faults.sandbox.programs import mixture
from tests.sandbox.processes import Killer, below
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


def host() -> tuple[int, int, int, int]:
    """Returns the numbers of what a program could have left: files, processes, mounts, groups."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    return (
        len(list(Path("/proc/self/fd").iterdir())),
        len(below(os.getpid())),
        len(mounts),
        len(cgroups()),
    )


def held_by_parents() -> int:
    """Returns the KiB that the processes below this one hold, shared pages counted once."""
    held = 0
    for pid in below(os.getpid()):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # a program that ended meanwhile
            continue
        held += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    return held


def test_a_hundred_thousand_programs_leave_nothing(monkeypatch):
    """With parents that are never replaced: they must not need it."""
    monkeypatch.setattr(nsjail, "_OLD", 10 * SOAK)
    before = host()
    wanted = mixture(SOAK, slow_every=5_000)
    progress = Progress("soak", SOAK, "programs")
    wrong: list[tuple[str, object]] = []
    held: list[int] = []
    with NsjailSandbox(LIMITS, CORES) as sandbox:
        for i, execution in enumerate(sandbox.run(text for text, _ in wanted)):
            progress.add()
            if execution.outcome is not wanted[i][1]:
                wrong.append((wanted[i][0], execution))
            if i % (SOAK // 10) == SOAK // 20:
                held.append(held_by_parents())
                inside = host()
        assert i + 1 == SOAK
    assert wrong == []
    print("KiB held by the jails along the way:", held)
    # A program that runs at the moment of a look counts with what it holds: the smallest two of
    # each half are compared.
    early, late = sorted(held[:5])[1], sorted(held[5:])[1]
    assert late < early + 4_096
    assert inside[2] == before[2]
    assert host() == before


def test_verdicts_on_an_idle_and_on_an_overloaded_machine_are_the_same():
    wanted = mixture(2_000, slow_every=50)
    found = {}
    for workers in (CORES, 4 * CORES):
        with NsjailSandbox(LIMITS, workers) as sandbox:
            runs = list(sandbox.run(text for text, _ in wanted))
        found[workers] = [(run.outcome, run.detail, run.input, run.output) for run in runs]
        print(f"{workers} workers on {CORES} cores: {Counter(run.outcome for run in runs)}")
    idle, overloaded = found.values()
    assert [outcome for outcome, *_ in idle] == [outcome for _, outcome in wanted]
    assert overloaded == idle


def test_a_shard_whose_jails_are_killed_is_verified_to_the_same_bytes(tmp_path):
    programs = tmp_path / "programs.parquet"
    texts = [text for text, _ in mixture(3_000, slow_every=1_000)]
    write_rows(programs, Program, (sampled(text, i) for i, text in enumerate(texts)))

    def verified(name: str, sandbox: NsjailSandbox) -> list[bytes]:
        paths = [tmp_path / f"{name}.{kind}.parquet" for kind in ("verified", "rejected")]
        counts = verify_file(programs, *paths, sandbox, Verify(min_lines=0))
        assert counts.rows_in == len(texts)
        return [path.read_bytes() for path in paths]

    with NsjailSandbox(LIMITS, CORES) as sandbox:
        undisturbed = verified("undisturbed", sandbox)
        with Killer(50, 0.1) as killer:
            disturbed = verified("disturbed", sandbox)
    print(f"{killer.killed} processes killed during the shard")
    assert killer.killed == 50
    assert disturbed == undisturbed
