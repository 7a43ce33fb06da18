"""The first steps of a recorded training, executed again, and planted changes of the record."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caco.proof.first_steps import FirstSteps, compare_steps, repeat_first_steps
from caco.proof.recorded_trainings import recorded_training
from caco.rows.loss import Loss
from caco.rows.table import read_rows
from caco.runtime.chain import load_record

OTHER = ["machine"]


@pytest.fixture(scope="module")
def record(trained):
    return load_record(trained[0] / "record.json")


@pytest.fixture(scope="module")
def steps(trained):
    return list(read_rows(trained[0] / "loss.parquet", Loss))


def repeated(record: dict[str, Any], run: Path, steps: int) -> FirstSteps:
    training = recorded_training(record, run)
    assert training is not None
    return repeat_first_steps(record, training, steps)


def test_the_first_steps_are_equal_bit_for_bit(record, trained, tmp_path):
    before = sorted(path.name for path in trained[0].rglob("*"))
    found = repeated(record, tmp_path, 2)
    assert found.said == "first 2 steps executed again: equal bit for bit"
    assert (found.steps, found.fault) == (2, None)
    assert sorted(path.name for path in trained[0].rglob("*")) == before


def test_a_planted_change_of_order_and_rate_is_found(record, tmp_path, inputs, monkeypatch):
    training = {**record["spec"]["training"], "seed": 43, "learning_rate": 3.1e-3}
    planted = {**record, "spec": {**record["spec"], "training": training}}
    monkeypatch.setattr("caco.proof.first_steps.compare_steps", lambda *compared: compared)
    compared: Any = repeated(planted, tmp_path, 1)
    recorded, found, precision, other = compared
    assert other == [] and len(found) == 1
    rate = compare_steps(recorded, found, precision, OTHER)
    assert rate.fault == "learning_rate of step 1 is 0.0031 instead of 0.003"
    # A forged rate beside it: the order of the rows shows in the loss, on another machine too.
    forged = [replace(found[0], learning_rate=recorded[0].learning_rate)]
    order = compare_steps(recorded, forged, precision, OTHER)
    assert str(order.fault).startswith("loss of step 1 is ") and "beyond the bound" in order.said


def test_bits_count_only_on_the_recorded_machine_and_software(steps):
    near = [replace(step, loss=step.loss * (1 + 1e-6)) for step in steps[:3]]
    assert compare_steps(steps, steps[:3], "fp32", OTHER).said.endswith("equal bit for bit")
    same = compare_steps(steps, near, "fp32", [])
    assert str(same.fault).startswith("loss of step 1 is ")
    assert same.said.endswith("although machine, packages and code are as recorded")
    elsewhere = compare_steps(steps, near, "fp32", ["machine", "packages"])
    assert elsewhere.fault is None
    assert elsewhere.said == (
        "first 3 steps executed again: losses within 1e-06 of the recorded ones (bound 0.0001), "
        "with other machine, packages"
    )
    nan = [replace(steps[0], loss=float("nan"))]
    assert "loss of step 1 is nan" in compare_steps(steps, nan, "fp32", OTHER).said
    assert compare_steps(nan, nan, "fp32", []).fault is None


def test_a_training_on_gpus_is_not_executed_without(record, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    of_gpus = {**record, "gpus": {"visible": "0", "devices": ["H200, GPU-1, 580.1"]}}
    found = repeated(of_gpus, tmp_path, 1)
    assert (found.steps, found.fault) == (0, None) and "need GPUs" in found.said
