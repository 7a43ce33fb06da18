"""A model of the config as a checkpoint on disk with a manifest."""

from pathlib import Path

from caco.config.models import Model
from caco.config.section import load_implementation
from caco.models.manifest import Manifest, write_manifest


def fetch_model(section: Model, name: str, manifest: Path) -> Manifest:
    """Makes the model available and writes its manifest, last.

    What is made here lies in the folder `checkpoint` beside the manifest: a packaged model's
    checkpoint, a served model's note. A local folder and the hub's cache are used where they are.

    Args:
        section: The model.
        name: Its name in the config, for the errors.
        manifest: Where the manifest is written.

    Raises:
        UserError: The model cannot be had; the sentence names the key.
    """
    module = load_implementation(section)
    return write_manifest(manifest, module.fetch(section, name, manifest.parent / "checkpoint"))
