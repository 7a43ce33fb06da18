"""DeepSpeed's settings, one file a ZeRO stage."""

import json
from pathlib import Path
from typing import Any

from caco.errors import UserError


def read_settings(path: Path, zero_stage: int) -> dict[str, Any]:
    """Returns the settings in `path`; `auto` in them is filled in from the config section.

    Args:
        path: A file of `config/deepspeed`, or one's own.
        zero_stage: The section's, which the file's must equal.

    Raises:
        UserError: The file cannot be read, or is of another stage.
    """
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stage = settings["zero_optimization"]["stage"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UserError(
            f"{path}: not DeepSpeed's settings with a `zero_optimization.stage` ({e})"
        ) from None
    if stage != zero_stage:
        raise UserError(
            f"{path}: its `zero_optimization.stage` is {stage}, `training.zero_stage` is "
            f"{zero_stage}; take the file of that stage, or change one of the two"
        )
    return settings
