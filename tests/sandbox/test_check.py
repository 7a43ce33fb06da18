"""The self-check says whether programs can be run safely here."""

import os
import subprocess
import sys
from pathlib import Path

from caco.config.sandbox import Sandbox as Limits
from caco.sandbox import check

ROOT = Path(__file__).parents[2]


def run_check(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/sandbox_check.py", "--spec", '{"cpu_s": 4.0}'],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, **env},
    )  # fmt: skip


def test_a_host_that_keeps_every_promise():
    done = run_check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  ") == len(check.probes())
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
    held = [held for _, held, _ in check.check_host(Limits())]
    assert held == [False, False]
