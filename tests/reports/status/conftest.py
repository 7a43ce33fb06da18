"""A run that is in progress."""

from pathlib import Path

import pytest
from tests.reports.status.half_run import HalfRun


@pytest.fixture
def half(tmp_path: Path) -> HalfRun:
    return HalfRun(tmp_path.resolve())
