"""The self-check reports whether this host can run programs safely."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox import self_check as check
from caco.sandbox.cgroups import Cgroups, CgroupsUnavailable
from caco.sandbox.protocol import Outcome

ROOT = Path(__file__).parents[2]


def run_check(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/sandbox_check.py", "--spec", '{"cpu_s": 4.0}'],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, **env},
    )  # fmt: skip


def test_a_host_with_every_property():
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


def test_a_property_that_does_not_hold_is_reported(monkeypatch):
    readable = check.Probe("/lib cannot be read", "open('/lib/x')", Outcome.OK)
    other = check.Probe("no file", "open('/lib/x')", Outcome.EXCEPTION, "PermissionError")
    monkeypatch.setattr(check, "probes", lambda: [readable, other])
    passed = [passed for _, passed, _ in check.check_host(Limits(), libraries=False)]
    assert passed == [False, False]
    with pytest.raises(SandboxUnavailable, match="machine: `/lib cannot be read` does not hold"):
        check.require_host(Limits())


def test_the_check_at_the_start_of_a_job_passes():
    check.require_host(Limits())


def test_a_probe_that_reaches_the_brief_limit_runs_again_under_the_one_of_the_config(monkeypatch):
    slow = "import time\nwhile time.process_time() < 0.6: pass\nopen('/lib/x', 'w')"
    probe = check.Probe("/lib cannot be written", slow, Outcome.EXCEPTION, "Read-only")
    monkeypatch.setattr(check, "probes", lambda: [probe])
    check.require_host(Limits())
    with pytest.raises(SandboxUnavailable, match="cpu_timeout"):
        check.require_host(Limits(cpu_s=0.2))


def test_missing_features_are_described_with_the_fix(monkeypatch):
    def none(proc: Path = Path("/proc/self")) -> Cgroups:
        raise CgroupsUnavailable("/sys/fs/cgroup: Permission denied")

    monkeypatch.setattr(Cgroups, "make", none)
    text = "\n".join(check.describe_host())
    assert "no cgroup (/sys/fs/cgroup: Permission denied)" in text
    assert "systemd-run --user --scope -p Delegate=yes" in text
