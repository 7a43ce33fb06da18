"""The cluster of tests/slurm, for the faults too."""

from tests.slurm.conftest import cluster

__all__ = ["cluster"]
