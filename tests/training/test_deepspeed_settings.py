"""DeepSpeed settings: one file per ZeRO stage, and a file of another stage is refused."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from caco.config.training import Training
from caco.errors import UserError
from caco.training.deepspeed_settings import read_settings
from caco.workflow.paths import Paths

_ROOT = Path(__file__).resolve().parents[2]
_STAGES = get_args(Training.model_fields["zero_stage"].annotation)


def _training(stage: Any, **changed: Any) -> Training:
    keys: dict[str, Any] = {"epochs": 1.0, "learning_rate": 1e-3, "global_batch": 8, "cutoff": 64}
    return Training(**keys, zero_stage=stage, **changed)


def _file(stage: int) -> Path:
    return _ROOT / Paths("run").deepspeed(stage)


def test_every_stage_of_the_config_has_its_file_and_there_is_no_other():
    assert {_file(stage) for stage in _STAGES} == set((_ROOT / "config" / "deepspeed").iterdir())
    for stage in _STAGES:
        assert read_settings(_file(stage), _training(stage))["zero_optimization"]["stage"] == stage


def test_a_file_of_another_stage_is_an_error_that_names_both():
    with pytest.raises(UserError, match=r"zero3\.json: its `zero_optimization\.stage` is 3, .* 2;"):
        read_settings(_file(3), _training(2))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"zero_optimization": 2}'])
def test_an_invalid_file_is_a_user_error(tmp_path, text):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(UserError, match=r"own\.json: not a DeepSpeed settings file"):
        read_settings(tmp_path / "own.json", _training(2))


@pytest.mark.parametrize("stage", _STAGES)
def test_the_file_is_changed_only_by_precisions_that_are_set(stage):
    file = json.loads(_file(stage).read_text())
    assert read_settings(_file(stage), _training(stage)) == file
    if stage == 0:
        return
    both = _training(stage, gradient_precision="bf16", optimizer_precision="bf16")
    found = read_settings(_file(stage), both)
    assert found["data_types"] == {"grad_accum_dtype": "bf16"}
    own = {"bf16_master_weights_and_grads": True, "bf16_optimizer_states": True}
    assert found["bf16"] == {"enabled": "auto", **own}
    assert found | {"bf16": 0, "data_types": 0} == file | {"bf16": 0, "data_types": 0}
