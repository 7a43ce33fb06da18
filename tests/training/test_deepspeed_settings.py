"""DeepSpeed settings: one file per ZeRO stage, and a file of another stage is refused."""

from pathlib import Path
from typing import get_args

import pytest

from caco.config.training import Training
from caco.errors import UserError
from caco.training.deepspeed_settings import read_settings
from caco.workflow.paths import Paths

_ROOT = Path(__file__).resolve().parents[2]
_STAGES = get_args(Training.model_fields["zero_stage"].annotation)


def _file(stage: int) -> Path:
    return _ROOT / Paths("run").deepspeed(stage)


def test_every_stage_of_the_config_has_its_file_and_there_is_no_other():
    assert {_file(stage) for stage in _STAGES} == set((_ROOT / "config" / "deepspeed").iterdir())
    for stage in _STAGES:
        assert read_settings(_file(stage), stage)["zero_optimization"]["stage"] == stage


def test_a_file_of_another_stage_is_an_error_that_names_both():
    with pytest.raises(UserError, match=r"zero3\.json: its `zero_optimization\.stage` is 3, .* 2;"):
        read_settings(_file(3), 2)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"zero_optimization": 2}'])
def test_an_invalid_file_is_a_user_error(tmp_path, text):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(UserError, match=r"own\.json: not a DeepSpeed settings file"):
        read_settings(tmp_path / "own.json", 2)
