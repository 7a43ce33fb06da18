"""DeepSpeed settings, one file per ZeRO stage, with the precisions of the config section."""

import json
from pathlib import Path
from typing import Any

from caco.config.training import Training
from caco.errors import UserError


def read_settings(path: Path, training: Training) -> dict[str, Any]:
    """Returns the settings of a training; TRL replaces `auto` values by those of the section.

    Args:
        path: A file of `config/deepspeed`, or a custom file.
        training: The config section. The file must have its ZeRO stage; its precisions of
            gradients and optimiser replace those of the file where they are set.

    Raises:
        UserError: The file cannot be read, or has another ZeRO stage.
    """
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stage = settings["zero_optimization"]["stage"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UserError(
            f"{path}: not a DeepSpeed settings file with `zero_optimization.stage` ({e})"
        ) from None
    if stage != training.zero_stage:
        raise UserError(
            f"{path}: its `zero_optimization.stage` is {stage}, `training.zero_stage` is "
            f"{training.zero_stage}; use the file of that stage, or change one of the two"
        )
    if training.gradient_precision is not None:
        settings.setdefault("data_types", {})["grad_accum_dtype"] = training.gradient_precision
    if training.optimizer_precision == "bf16":
        # One of the two alone needs an optimiser in the memory of the CPU.
        own = {"bf16_master_weights_and_grads": True, "bf16_optimizer_states": True}
        settings.setdefault("bf16", {}).update(own)
    return settings
