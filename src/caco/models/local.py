"""Models in a local folder: an ordinary transformers checkpoint, used where it lies."""

from pathlib import Path

from caco.config.models import LocalModel
from caco.errors import UserError


def fetch(section: LocalModel, name: str, folder: Path) -> Path:
    """Returns the model's folder; see `caco.models.fetch.fetch_model`."""
    folder = Path(section.path).expanduser()
    mend = f"key `models.{name}.path` must name a folder with config.json, weights and a tokenizer"
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such model folder; {mend}")
    for what, patterns in {
        "config.json": ("config.json",),
        "weights": ("*.safetensors", "pytorch_model*.bin"),
        "tokenizer": ("tokenizer.json", "tokenizer.model", "vocab.json"),
    }.items():
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            raise UserError(f"{folder}: the model folder holds no {what}; {mend}")
    return folder
