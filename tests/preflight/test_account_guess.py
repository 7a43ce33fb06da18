"""Without an account in site.yaml, the executor's attempt to guess one prints nothing."""

import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from snakemake.logging import logger
from snakemake_executor_plugin_slurm.accounts import get_account

from caco.preflight.start import account_guess_filter

BIN = Path(__file__).resolve().parents[2] / "profiles/slurm/bin"


@pytest.fixture
def printed(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What Snakemake's logger prints, with the filter that a submission installs."""
    propagate, logger.propagate = logger.propagate, True
    logger.addFilter(account_guess_filter)
    with caplog.at_level(logging.INFO, logger=logger.name):
        yield caplog
    logger.removeFilter(account_guess_filter)
    logger.propagate = propagate


def test_the_executors_own_warnings_are_filtered_and_no_others(
    printed: pytest.LogCaptureFixture,
) -> None:
    logger.warning("No SLURM account given, trying to guess.")
    logger.warning("Unable to guess SLURM account. Trying to proceed without.")
    logger.warning("Guessed SLURM account: physics")
    logger.warning("No wall time information given.")
    assert printed.messages == [
        "Guessed SLURM account: physics", "No wall time information given.",
    ]  # fmt: skip


def test_the_query_for_an_account_never_reaches_sacct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sacct").write_text("#!/bin/sh\necho \"sacct: invalid option -- '1'\" >&2; exit 1")
    (tmp_path / "sacct").chmod(0o755)
    monkeypatch.setenv("PATH", f"{BIN}:{tmp_path}:{os.environ['PATH']}")
    assert get_account(logger) is None
    assert printed.messages == []
    other = subprocess.run(["sacct", "-X"], capture_output=True, text=True)
    assert (other.returncode, other.stderr) == (1, "sacct: invalid option -- '1'\n")
