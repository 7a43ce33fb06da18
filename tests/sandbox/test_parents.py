"""Warm parents: the kind for each program, replacement of lost parents, resource accounting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sandbox.conftest import SMALL
from tests.sandbox.processes import DisturbedSandbox, below

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.provenance import used_resources
from caco.sandbox import nsjail
from caco.sandbox.jail import Kind, jail_config, kind_of, libpython
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome

INPUT = "input = {'a': 1}\n"


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("output = 1", Kind.PLAIN),
        ("import math\nfrom itertools import chain", Kind.PLAIN),
        ("from collections import Counter", Kind.STANDARD),
        ("import os.path", Kind.STANDARD),
        ("def f():\n    import sympy as sp", Kind.HEAVY),
        ("from scipy.optimize import fsolve", Kind.HEAVY),
        ("important = 'import numpy'", Kind.PLAIN),
        ("import (", Kind.PLAIN),
        ("from . import x", Kind.STANDARD),
    ],
)
def test_the_imports_determine_the_kind_of_parent(program, kind):
    assert kind_of(program) is kind


def test_a_parent_has_loaded_its_modules_and_no_module_of_caco_is_visible(output_of):
    loaded = "[m in sys.modules for m in ('sympy', 'fractions', 'caco', 'ctypes')]"
    assert output_of(loaded, "import sys") == "[false,false,false,true]"
    assert output_of(loaded, "import sys, fractions") == "[false,true,false,true]"
    assert output_of(loaded, "import sys, sympy") == "[true,true,false,true]"
    assert output_of("[m for m in sys.modules if m.startswith('caco')]", "import sys") == "[]"


def test_the_loader_finds_libpython_in_the_jail(output_of):
    shared = libpython()
    if shared is None:
        pytest.skip("this Python is linked statically")
    assert f"LD_LIBRARY_PATH={shared.parent}" in jail_config(SMALL, Kind.PLAIN, 0)
    assert output_of(f"os.path.exists({str(shared)!r})", "import os") == "true"


def test_a_module_that_no_parent_has_loaded_can_be_imported(output_of):
    assert output_of("list(graphlib.TopologicalSorter({1: {2}}).static_order())", "import graphlib")
    assert output_of("int(__import__('sympy').Integer(2))") == "2"


def test_the_memory_limit_excludes_the_memory_of_the_parent(execute):
    for imports in ("", "import fractions\n", "import sympy\n"):
        fits = execute(f"{imports}{INPUT}held = bytearray(450 << 20)\noutput = 1")
        assert fits.outcome == "ok", (imports, fits.detail)
        too_much = execute(f"{imports}{INPUT}held = bytearray(520 << 20)\noutput = 1")
        assert too_much.outcome == "out_of_memory", (imports, too_much.detail)
        assert too_much.limit == "memory_mb"


def test_an_execution_reports_time_and_memory(execute):
    small, large = execute(f"{INPUT}output = 1"), execute(f"{INPUT}output = len('x' * (80 << 20))")
    assert 0 < small.cpu_s <= 5 and small.wall_s > 0
    assert 4 < small.peak_mb < 40
    assert large.peak_mb > small.peak_mb + 70
    assert small.limit is None


@pytest.mark.parametrize(
    "expression",
    [
        "random.random()", "numpy.random.rand()", "list({'a', 'b', 'c', 'd', 'e', 'f'})",
        "hash('text')", "(numpy, list({'a', 'b', 'c', 'd', 'e', 'f'}))[1]",
    ],
)  # fmt: skip
def test_runs_with_the_same_repeat_number_are_reproducible_and_others_differ(sandbox, expression):
    imports = "import numpy\n" if "numpy" in expression else "import random\n"
    programs = [f"{imports}{INPUT}output = {expression}"] * 3
    outputs = {repeat: {e.output for e in sandbox.run(programs, repeat)} for repeat in (0, 1)}
    assert len(outputs[0]) == len(outputs[1]) == 1
    assert outputs[0] != outputs[1]


def test_programs_do_not_see_files_of_other_programs(sandbox):
    look = "import os\ninput = {'a': 1}\noutput = [sorted(os.listdir('/tmp')), oct(os.stat('/tmp').st_mode)]\n"  # noqa: E501
    mess = [
        "open('/tmp/left', 'w').write('x')",
        "os.makedirs('/tmp/a/b'); os.chmod('/tmp/a', 0)",
        "os.chmod('/tmp', 0o700)",
        "os.symlink('/lib', '/tmp/link'); os.mkfifo('/tmp/fifo')",
        "open('/tmp/left', 'w').close(); os.unlink('/tmp/left'); os.utime('/tmp', (0, 0))",
    ]
    programs = [p for m in mess for p in (look + m, look)]
    assert {e.output for e in sandbox.run(programs)} == {'[[],"0o41777"]'}


def test_randomly_killed_jails_do_not_change_the_results():
    programs = [f"{INPUT}output = sum(range({i * 10}))\nprint(output)" for i in range(1200)]
    programs[::50] = [f"import re\n{program}" for program in programs[::50]]
    programs[1] = f"import time\n{INPUT}while time.process_time() < 0.3: pass\noutput = 1"
    programs[5] = "1 / 0"
    with NsjailSandbox(SMALL, 2) as sandbox:
        undisturbed = [(e.outcome, e.output, e.detail) for e in sandbox.run(programs)]
    with DisturbedSandbox(SMALL, 2, every=24) as disturbed:
        assert [(e.outcome, e.output, e.detail) for e in disturbed.run(programs)] == undisturbed
    assert disturbed.killed == 50
    assert [outcome for outcome, _, _ in undisturbed].count(Outcome.OK) == len(programs) - 1


def test_a_parent_is_replaced_after_a_number_of_programs(monkeypatch):
    monkeypatch.setattr(nsjail, "_PROGRAMS_PER_PARENT", 20)
    others = set(below(os.getpid()))
    with NsjailSandbox(SMALL, 1) as sandbox:
        before = set(below(os.getpid())) - others
        assert len(list(sandbox.run([f"{INPUT}output = 1"] * 60))) == 60
        after = set(below(os.getpid())) - others
    assert len(before) == len(after) == 2
    assert not before & after


def test_the_cpu_time_of_programs_counts_as_the_jobs_own():
    before = used_resources()["cpu_s"]
    with NsjailSandbox(SMALL, 1) as sandbox:
        burns = "import time\ninput = {'a': 1}\nwhile time.process_time() < 0.5: pass\noutput = 1"
        executions = list(sandbox.run([burns] * 2))
    programs = sum(e.cpu_s for e in executions)
    assert programs >= 1
    assert used_resources()["cpu_s"] - before >= programs


def test_time_in_the_run_queue_does_not_count_as_wall_time():
    """On an overloaded machine a computing program does not exceed the wall time limit."""
    spin = [sys.executable, "-c", "while True: pass"]
    # Separate sessions, since the scheduler may divide CPU time by session.
    spinning = [
        subprocess.Popen(spin, start_new_session=True)
        for _ in range(4 * len(os.sched_getaffinity(0)))
    ]
    try:
        busy = f"import time\n{INPUT}while time.process_time() < 1.2: pass\noutput = 1"
        sleeping = f"import time\n{INPUT}time.sleep(30)\noutput = 1"
        with NsjailSandbox(Limits(cpu_s=3.0, wall_s=2.0), 1) as sandbox:
            computed, slept = sandbox.run([busy, sleeping])
    finally:
        for process in spinning:
            process.kill()
            process.wait()
    assert computed.outcome == "ok"
    assert computed.wall_s > 2.0
    assert slept.outcome == "wall_timeout"
    assert slept.limit == "wall_s"


def test_a_worker_uses_little_memory():
    """At most 300 MiB with all modules loaded; shared pages are counted proportionally."""
    imports = ("", "import re", "import sympy")
    others = set(below(os.getpid()))
    with NsjailSandbox(SMALL, 1) as sandbox:
        for repeat in (0, 1):
            list(sandbox.run((f"{i}\n{INPUT}output = 1" for i in imports), repeat))
        held = 0
        for pid in set(below(os.getpid())) - others:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            held += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    print(f"{held >> 10} MiB")
    assert 60 << 10 < held < 300 << 10
