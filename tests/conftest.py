"""What tests of several stages need."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The tests' runs are those of somebody at a terminal, also where these tests are themselves a job.
for _name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_", "SNAKEMAKE_"))]:
    del os.environ[_name]

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data files, which lies beside the project and is never in it."""
    folder = Path(os.environ.get("CACO_DATA", _ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set CACO_DATA to its folder")
    return folder


# These machines are shared: how long an example takes says nothing about the code.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
