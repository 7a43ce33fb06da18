"""Files of a data set of the Hugging Face hub, with a manifest: seeds are read from them."""

import shutil
from pathlib import Path

from caco.config.sources import HubFiles
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.models.hub_snapshot import download
from caco.models.manifest import Manifest, write_manifest


def fetch_data_set(section: HubFiles, source: str, manifest: Path) -> Manifest:
    """Downloads the files to a folder next to the manifest, then writes the manifest.

    Args:
        section: The data set.
        source: The name of the source in the config, for error messages.
        manifest: The path of the manifest.

    Raises:
        UserError: The data set is not available, or none of its files matches.
    """
    key = f"sources.{source}.seeds"
    # One folder for each revision and pattern: no file of another one is among the rows.
    folder = manifest.parent / digest(canonical_json(section.model_dump()))[:12]
    for other in manifest.parent.glob("*"):
        if other.is_dir() and other != folder:
            shutil.rmtree(other)
    download(
        section.repo, section.revision, "dataset", f"{key}.hub", f"set `{key}.path` to its files",
        allow_patterns=section.files, local_dir=folder,
    )  # fmt: skip
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the state of the download
    if not any(file.is_file() for file in folder.rglob("*")):
        raise UserError(
            f"{section.repo} at {section.revision[:12]}: no file matches `{section.files}`; "
            f"correct `{key}.hub.files`"
        )
    return write_manifest(manifest, folder)
