"""The cluster that the tests run on."""

from collections.abc import Iterator

import pytest

from tests.slurm.cluster import Cluster, NoCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real Slurm; down again at the end, unless somebody had brought it up."""
    found = Cluster()
    was_up = found.is_up()
    try:
        found.up()
    except NoCluster as missing:
        pytest.skip(f"no Slurm here: {missing}")
    yield found
    if not was_up:
        found.down()
