"""The self-check of the sandbox: one probe program for each property that it guarantees."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox.cgroups import Cgroups, CgroupsUnavailable
from caco.sandbox.launcher import nsjail_binary
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome


@dataclass(frozen=True, slots=True)
class Probe:
    """A program that tests one property of the sandbox.

    Attributes:
        property: The property that the sandbox guarantees.
        program: The program that tests it.
        outcome: The expected outcome.
        error: The expected exception, or a part of its message; empty if none is expected.
    """

    property: str
    program: str
    outcome: Outcome
    error: str = ""


def probes() -> list[Probe]:
    """Returns the probes; those that test read access use paths of this host."""
    refused = Outcome.EXCEPTION
    passwd, home = _result("open('/etc/passwd').read()"), _result(f"open({_home_file()!r}).read()")
    return [
        Probe("a program runs", _result("input['a'] + 1"), Outcome.OK),
        Probe("CPU time is bounded", "while True: pass", Outcome.CPU_TIMEOUT),
        Probe("memory is bounded", "held = bytearray(1 << 40)", Outcome.OUT_OF_MEMORY),
        Probe("there is no network", _result(_CONNECT), refused, "Operation not permitted"),
        Probe("/etc/passwd cannot be read", passwd, refused, "FileNotFoundError"),
        Probe("the home folder cannot be read", home, refused, "FileNotFoundError"),
        Probe("no process can be started", _result(_FORK), refused, "PermissionError"),
        Probe("/lib cannot be written", _result("open('/lib/x', 'w')"), refused, "Read-only"),
    ]


# Not part of `probes`: it loads every library, which takes seconds.
_LIBRARIES = Probe(
    "the libraries can be imported",
    "import networkx, numpy, scipy, sympy\n" + "input = {'a': 1}\noutput = int(sympy.Integer(2))",
    Outcome.OK,
)
_FORK = "__import__('os').fork()"
_CONNECT = "__import__('socket').create_connection(('192.0.2.1', 80), 1)"


def _result(expression: str) -> str:
    return f"input = {{'a': 1}}\noutput = {expression}\n"


def _home_file() -> str:
    """Returns a file in the home folder of the current user."""
    home = Path("~").expanduser()
    try:
        return str(next((p for p in sorted(home.iterdir()) if p.is_file()), home / ".profile"))
    except OSError:
        return str(home / ".profile")


def check_host(limits: Limits, libraries: bool = True) -> Iterator[tuple[str, bool, str]]:
    """Runs the probes and yields for each the property, whether it holds, and the observation.

    Args:
        limits: Limits of a program.
        libraries: Whether to test the imports of the libraries too.

    Raises:
        SandboxUnavailable: This host cannot run any program in the sandbox.
    """
    selected = probes() + ([_LIBRARIES] if libraries else [])
    with NsjailSandbox(limits, workers=1) as sandbox:
        for probe, run in zip(selected, sandbox.run(p.program for p in selected), strict=True):
            observed = f"{run.outcome}{f' ({run.detail})' if run.detail else ''}"
            passed = run.outcome is probe.outcome and probe.error in run.detail
            yield probe.property, passed, observed


def require_host(limits: Limits) -> None:
    """Checks every property on this host; jobs call it before they run untrusted programs.

    Raises:
        SandboxUnavailable: A property does not hold.
    """
    # A short limit, because one probe never ends. On a loaded machine another probe may reach it,
    # which says nothing about its property: the probes run again under the limits of the config.
    brief = limits.model_copy(update={"cpu_s": min(limits.cpu_s, 0.2)})
    if all(passed for _, passed, _ in check_host(brief, libraries=False)):
        return
    for name, passed, observed in check_host(limits, libraries=False):
        if not passed:
            raise SandboxUnavailable(
                f"the self-check of the sandbox failed on this machine: `{name}` does not hold "
                f"({observed}); run `scripts/sandbox_check.py` on it"
            )


def describe_host() -> list[str]:
    """Returns lines that describe this host: what it offers, what is missing, how to fix it."""
    who = "as root" if os.geteuid() == 0 else "without root"
    lines = [
        f"kernel {platform.release()} ({platform.machine()}), Python {platform.python_version()}, "
        f"nsjail {nsjail_binary()}, {who}",
        "limits of a program: rlimits (memory, files), the warm parent (time), seccomp (processes)",
    ]
    try:
        made = Cgroups.make()
    except CgroupsUnavailable as e:
        lines.append(
            f"limits of a jail: no cgroup ({e}); it is optional. To get one, run as root in a "
            "container, in a Slurm job with a delegated cgroup, or under `systemd-run --user "
            "--scope -p Delegate=yes`"
        )
    else:
        made.close()
        lines.append(f"limits of a jail: cgroup v{made.version} (memory, threads)")
    if not Path("/proc/self/schedstat").exists():
        lines.append(
            "this kernel does not report how long a program waits in the run queue (schedstat): on "
            "an overloaded machine a computing program may exceed the wall time limit; run no more "
            "workers than there are cores"
        )
    return lines
