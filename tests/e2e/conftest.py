"""Fixtures of complete runs."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.loop import uninterrupted


@pytest.fixture
def copy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of a finished run."""
    folder = tmp_path / "copy"
    shutil.copytree(uninterrupted(tmp_path_factory).folder, folder, symlinks=True)
    return folder
