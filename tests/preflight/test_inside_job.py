"""The environment that the two Snakemakes of a Slurm job pass to its command."""

import os

import pytest

from caco.slurm.inside_job import _keep_node_count


def test_the_number_of_nodes_is_kept_although_the_executor_drops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CACO_NODES", "1")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    _keep_node_count()
    monkeypatch.delenv("SLURM_JOB_NUM_NODES")  # as the executor does, between the two
    _keep_node_count()
    assert os.environ["SLURM_JOB_NUM_NODES"] == "2"


def test_a_nested_job_has_its_own_number_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACO_NODES", "2")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "1")
    _keep_node_count()
    assert os.environ["SLURM_JOB_NUM_NODES"] == "1"
