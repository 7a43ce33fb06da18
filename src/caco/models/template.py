"""Whether a checkpoint has a chat template, from its files: no tokenizer is loaded."""

import json
from pathlib import Path

from caco.errors import UserError

_FILE = "chat_template.jinja"
_CONFIG = "tokenizer_config.json"


def require_chat_template(folder: Path, key: str) -> None:
    """Raises an error if a checkpoint has a tokenizer without a chat template.

    Jobs and the checks before them call it where a model is prompted with its template, so that a
    run fails before a GPU is used. A folder without a tokenizer is left to whoever loads it.

    Args:
        folder: The checkpoint.
        key: The config key that names the model.

    Raises:
        UserError: The tokenizer has no chat template.
    """
    if not any((folder / name).is_file() for name in (_CONFIG, "tokenizer.json")):
        return
    if (folder / _FILE).is_file() or _in_config(folder / _CONFIG):
        return
    fix = f"name a model that has one in `{key}`"
    if key == "student.model":
        fix += ", or set `student.prompt` to `alpaca`"
    raise UserError(
        f"{folder}: the model has no chat template, in which its prompts are written; {fix}"
    )


def _in_config(path: Path) -> bool:
    """Tells whether a tokenizer's config has a template; of several, one must be the default."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("chat_template")
    except (OSError, ValueError):
        return False
    if isinstance(found, list):
        return any(each.get("name") == "default" for each in found)
    return bool(found)
