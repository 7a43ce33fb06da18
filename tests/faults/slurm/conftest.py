"""The Slurm cluster of the fault tests."""

from collections.abc import Iterator

import pytest
from tests.slurm.cluster import Cluster
from tests.slurm.conftest import running_cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A running cluster for one test.

    A controller that loses a node can keep counting a GPU of one of its jobs as allocated
    (seen with Slurm 22.05: `GresUsed` 2 with one job of one GPU), so tests share no cluster.
    """
    yield from running_cluster()
