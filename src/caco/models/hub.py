"""Models of the Hugging Face Hub at a fixed revision, used from the cache of the hub client."""

from pathlib import Path

from caco.config.models import HubModel
from caco.models.hub_snapshot import download

# Copies of the weights in other formats, which a repository may contain.
_OTHER_FORMATS = ["*.gguf", "*.onnx", "*.h5", "*.msgpack", "*.pth", "original/*", "onnx/*"]


def fetch(section: HubModel, name: str, folder: Path) -> Path:
    """Returns the model's folder; see `caco.models.fetch.fetch_model`."""
    key = f"models.{name}"
    without = f"set `{key}` to its folder with `kind: local`"
    return download(
        section.repo, section.revision, "model", key, without, ignore_patterns=_OTHER_FORMATS
    )
