"""DeepSpeed settings, one file per ZeRO stage."""

import json
from pathlib import Path
from typing import Any

from caco.errors import UserError


def read_settings(path: Path, zero_stage: int) -> dict[str, Any]:
    """Returns the settings in `path`; TRL replaces `auto` values by those of the config section.

    Args:
        path: A file of `config/deepspeed`, or a custom file.
        zero_stage: The ZeRO stage of the config section, which the file must match.

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
    if stage != zero_stage:
        raise UserError(
            f"{path}: its `zero_optimization.stage` is {stage}, `training.zero_stage` is "
            f"{zero_stage}; use the file of that stage, or change one of the two"
        )
    return settings
