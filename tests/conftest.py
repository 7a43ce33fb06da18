"""Fixtures and settings for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The tests start runs as from a terminal, even if the tests themselves run in a job.
for _name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_", "SNAKEMAKE_"))]:
    del os.environ[_name]

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data files, which is next to the repository and never in it."""
    folder = Path(os.environ.get("CACO_DATA", _ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist; set CACO_DATA to the folder of the real data")
    return folder


# On a shared machine the duration of one example is not meaningful.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
