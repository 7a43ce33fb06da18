"""Models in a local folder: a transformers checkpoint, used in place."""

from pathlib import Path

from caco.config.models import LocalModel
from caco.errors import UserError


def fetch(section: LocalModel, name: str, folder: Path) -> Path:
    """Returns the model's folder; see `caco.models.fetch.fetch_model`."""
    folder = Path(section.path).expanduser()
    fix = f"set `models.{name}.path` to a folder with config.json, weights and a tokenizer"
    if not folder.is_dir():
        raise UserError(f"{folder}: the model folder does not exist; {fix}")
    for what, patterns in {
        "config.json": ("config.json",),
        "weights": ("*.safetensors", "pytorch_model*.bin"),
        "tokenizer": ("tokenizer.json", "tokenizer.model", "vocab.json"),
    }.items():
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            raise UserError(f"{folder}: the model folder has no {what}; {fix}")
    return folder
