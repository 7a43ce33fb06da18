"""Models that only a server has: a folder with a note takes the place of their checkpoint."""

import json
from pathlib import Path

from caco.config.models import ServedModel
from caco.config.section import section_of_spec
from caco.errors import UserError
from caco.runtime.atomic_files import atomic_folder, write_text

_NOTE = "served.json"


def fetch(section: ServedModel, name: str, folder: Path) -> Path:
    """Writes the folder of a served model; see `caco.models.fetch.fetch_model`.

    The note contains name and revision but not the address of the server, so that the digest of the
    manifest identifies the model.
    """
    with atomic_folder(folder) as aside:
        note = section.model_dump(mode="json")
        write_text(aside / _NOTE, json.dumps(note, indent=1, sort_keys=True) + "\n")
    return folder


def served_model(folder: Path) -> ServedModel | None:
    """Returns the served model of `folder`, or None if it is a checkpoint.

    Raises:
        UserError: The note is invalid.
    """
    note = folder / _NOTE
    if not note.is_file():
        return None
    try:
        return section_of_spec(ServedModel, note.read_text(encoding="utf-8"))
    except UserError:
        raise UserError(
            f"{note}: not the note of a served model; delete its manifest and run again, the note "
            "will be written again"
        ) from None
