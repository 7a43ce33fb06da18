"""What the two Snakemakes of a Slurm job pass on to its command."""

import os

import pytest

from caco.slurm.inside_job import _pass_on_nodes


def test_the_count_of_nodes_outlives_the_executor_that_drops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CACO_NODES", "1")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    _pass_on_nodes()
    monkeypatch.delenv("SLURM_JOB_NUM_NODES")  # as the executor does, between the two
    _pass_on_nodes()
    assert os.environ["SLURM_JOB_NUM_NODES"] == "2"


def test_a_job_of_its_own_counts_its_own_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACO_NODES", "2")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "1")
    _pass_on_nodes()
    assert os.environ["SLURM_JOB_NUM_NODES"] == "1"
