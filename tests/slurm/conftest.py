"""The Slurm cluster of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.checkout import SlurmCheckout
from tests.slurm.cluster import Cluster
from tests.slurm.daemons import ClusterUnavailable


def running_cluster() -> Iterator[Cluster]:
    """Yields a real Slurm; stopped at the end, unless it was already running."""
    cluster = Cluster()
    was_up = cluster.is_up()
    try:
        cluster.up()
    except ClusterUnavailable as error:
        pytest.skip(f"Slurm is unavailable: {error}")
    yield cluster
    if not was_up:
        cluster.down()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster for all tests."""
    yield from running_cluster()


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[SlurmCheckout]:
    """A checkout whose commands and jobs end with the test."""
    checkout = SlurmCheckout(tmp_path.resolve())
    yield checkout
    (checkout.folder / "continue").touch()
    for process in checkout.started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
