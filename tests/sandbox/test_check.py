"""The self-check says whether programs can be run safely here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox import self_check as check
from caco.sandbox.cgroups import Cgroups, NoCgroups

ROOT = Path(__file__).parents[2]


def run_check(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/sandbox_check.py", "--spec", '{"cpu_s": 4.0}'],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, **env},
    )  # fmt: skip


def test_a_host_that_keeps_every_promise():
    done = run_check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  ") == len(check.probes()) + 1
    assert "FAIL" not in done.stdout
    assert done.stdout.startswith("kernel ")


def test_a_host_without_nsjail(tmp_path):
    broken = tmp_path / "nsjail"
    broken.write_text("#!/bin/sh\nexit 255\n")
    broken.chmod(0o755)
    done = run_check(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert done.stderr.startswith("sandbox error: ")


def test_a_promise_that_is_not_kept_is_found_out(monkeypatch):
    readable = check.Probe("/lib cannot be read", "open('/lib/x')", check.Outcome.OK)
    other = check.Probe("no file", "open('/lib/x')", check.Outcome.EXCEPTION, "PermissionError")
    monkeypatch.setattr(check, "probes", lambda: [readable, other])
    held = [held for _, held, _ in check.check_host(Limits(), libraries=False)]
    assert held == [False, False]
    with pytest.raises(SandboxUnavailable, match="breaks the sandbox's promise that /lib cannot"):
        check.require_host(Limits())


def test_a_job_asks_within_a_second_or_two():
    check.require_host(Limits())


def test_what_a_host_lacks_is_said_with_its_mend(monkeypatch):
    def none(proc: Path = Path("/proc/self")) -> Cgroups:
        raise NoCgroups("/sys/fs/cgroup: Permission denied")

    monkeypatch.setattr(check.Cgroups, "make", none)
    said = "\n".join(check.describe_host())
    assert "no cgroup (/sys/fs/cgroup: Permission denied)" in said
    assert "systemd-run --user --scope -p Delegate=yes" in said
