"""The sandbox's self-check: one probe program for each of its promises."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox.cgroups import Cgroups, NoCgroups
from caco.sandbox.launcher import nsjail_binary
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome


@dataclass(frozen=True, slots=True)
class Probe:
    """A program and what must become of it.

    Attributes:
        promise: What the sandbox promises.
        program: A program that holds it to that.
        outcome: The outcome that keeps the promise.
        error: The exception that must be behind it, where there is one.
    """

    promise: str
    program: str
    outcome: Outcome
    error: str = ""


def probes() -> list[Probe]:
    """Returns the probes; those that try to read use this host's own paths."""
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


# Apart: it loads everything, which takes seconds.
_LIBRARIES = Probe(
    "the libraries are there",
    "import networkx, numpy, scipy, sympy\n" + "input = {'a': 1}\noutput = int(sympy.Integer(2))",
    Outcome.OK,
)
_FORK = "__import__('os').fork()"
_CONNECT = "__import__('socket').create_connection(('192.0.2.1', 80), 1)"


def _result(expression: str) -> str:
    return f"input = {{'a': 1}}\noutput = {expression}\n"


def _home_file() -> str:
    """Returns a file in the home folder of whoever runs this."""
    home = Path("~").expanduser()
    try:
        return str(next((p for p in sorted(home.iterdir()) if p.is_file()), home / ".profile"))
    except OSError:
        return str(home / ".profile")


def check_host(limits: Limits, libraries: bool = True) -> Iterator[tuple[str, bool, str]]:
    """Runs the probes and yields for each: the promise, whether it held, and what was seen.

    Args:
        limits: What a program may use.
        libraries: Ask for the libraries too.

    Raises:
        SandboxUnavailable: No program can be run here at all.
    """
    asked = probes() + ([_LIBRARIES] if libraries else [])
    with NsjailSandbox(limits, workers=1) as sandbox:
        for probe, run in zip(asked, sandbox.run(p.program for p in asked), strict=True):
            seen = f"{run.outcome}{f' ({run.detail})' if run.detail else ''}"
            held = run.outcome is probe.outcome and probe.error in run.detail
            yield probe.promise, held, seen


def require_host(limits: Limits) -> None:
    """Returns if this host keeps every promise; a job asks before it runs untrusted programs.

    Raises:
        SandboxUnavailable: It does not keep one.
    """
    brief = limits.model_copy(update={"cpu_s": min(limits.cpu_s, 0.2)})
    for promise, held, seen in check_host(brief, libraries=False):
        if not held:
            raise SandboxUnavailable(
                f"this machine breaks the sandbox's promise that {promise}: {seen}; run "
                "`scripts/sandbox_check.py` on it"
            )


def describe_host() -> list[str]:
    """Returns what this host offers the sandbox, and what is missing and how to get it."""
    who = "as root" if os.geteuid() == 0 else "without root"
    lines = [
        f"kernel {platform.release()} ({platform.machine()}), Python {platform.python_version()}, "
        f"nsjail {nsjail_binary()}, {who}",
        "limits of a program: rlimits (memory, files), its parent (time), seccomp (one process)",
    ]
    try:
        made = Cgroups.make()
    except NoCgroups as e:
        lines.append(
            f"limits of a jail: no cgroup ({e}); none is needed. To have one: run as root in a "
            "container, in a Slurm job with a delegated cgroup, or under `systemd-run --user "
            "--scope -p Delegate=yes`"
        )
    else:
        made.close()
        lines.append(f"limits of a jail: cgroup v{made.version} (memory, threads)")
    if not Path("/proc/self/schedstat").exists():
        lines.append(
            "this kernel does not tell how long a program waits for a processor (schedstat): on an "
            "overloaded machine a program that computes may be taken for one that sleeps; run no "
            "more workers than there are cores"
        )
    return lines
