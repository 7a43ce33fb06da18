"""Models that only a server has: what stands in for their checkpoint is a folder with a note."""

import json
from pathlib import Path

from caco.config.models import ServedModel
from caco.config.section import section_of_spec
from caco.errors import UserError
from caco.runtime.atomic_files import folder_aside, write_text

_NOTE = "served.json"


def fetch(section: ServedModel, name: str, folder: Path) -> Path:
    """Writes the folder that names a served model; see `caco.models.fetch.fetch_model`.

    The note holds name and revision and nothing of where the server is, so that a manifest's digest
    names the model.
    """
    with folder_aside(folder) as aside:
        note = section.model_dump(mode="json")
        write_text(aside / _NOTE, json.dumps(note, indent=1, sort_keys=True) + "\n")
    return folder


def served_model(folder: Path) -> ServedModel | None:
    """Returns the served model that `folder` names, or None where it is an ordinary checkpoint.

    Raises:
        UserError: The note is damaged.
    """
    note = folder / _NOTE
    if not note.is_file():
        return None
    try:
        return section_of_spec(ServedModel, note.read_text(encoding="utf-8"))
    except UserError:
        raise UserError(
            f"{note}: names no served model; delete its manifest and run again, the model will be "
            "made anew"
        ) from None
