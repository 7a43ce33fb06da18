"""Manifests: the files of a checkpoint with their digests; rules depend on the manifest only."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from caco.errors import UserError
from caco.identity import canonical_json, digest, file_sha256
from caco.runtime.atomic_files import write_text


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checkpoint.

    Attributes:
        folder: The folder of its files.
        digest: 32 hex digits over names and contents of the files, independent of their location.
    """

    folder: Path
    digest: str


def write_manifest(path: Path, folder: Path) -> Manifest:
    """Digests every file under `folder` and writes the manifest to `path`.

    A folder next to or below the manifest is stored as a relative path, so that a run can be moved;
    any other folder as an absolute path.
    """
    files = {
        str(f.relative_to(folder)): {"sha256": file_sha256(f), "bytes": f.stat().st_size}
        for f in sorted(folder.rglob("*"))
        if f.is_file() and f.resolve() != path.resolve()
    }
    inside = folder.resolve().is_relative_to(path.parent.resolve())
    where = folder.resolve().relative_to(path.parent.resolve()) if inside else folder.resolve()
    name = digest(canonical_json(files))
    written = {"folder": str(where), "digest": name, "files": files}
    write_text(path, json.dumps(written, indent=1, sort_keys=True) + "\n")
    return Manifest(folder, name)


def read_manifest(path: Path) -> Manifest:
    """Returns the checkpoint of the manifest `path`, after a check of the sizes of its files.

    Raises:
        UserError: The manifest is unreadable, or a file is missing or has another size.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        folder = path.parent / raw["folder"]
        files: dict[str, dict[str, int]] = raw["files"]
        name: str = raw["digest"]
    except FileNotFoundError:
        raise UserError(
            f"{path}: the manifest does not exist; run the rule that creates it"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path}: not a model manifest; delete it and run again, it will be created again"
        ) from None
    for file, known in files.items():
        at = folder / file
        if not at.is_file() or at.stat().st_size != known["bytes"]:
            raise UserError(
                f"{at}: missing, or its size differs from the one in {path}; delete the manifest "
                "and run again, the model will be fetched again"
            )
    return Manifest(folder, name)


def point_manifest(path: Path, to: Path) -> Manifest:
    """Writes a manifest to `path` for the checkpoint of an existing manifest `to`.

    A relative folder stays relative, so that a run can be moved.
    """
    known = read_manifest(to)
    raw = json.loads(to.read_text(encoding="utf-8"))
    folder = Path(raw["folder"])
    if not folder.is_absolute():
        folder = Path(os.path.relpath(known.folder.resolve(), path.parent.resolve()))
    write_text(path, json.dumps({**raw, "folder": str(folder)}, indent=1, sort_keys=True) + "\n")
    return Manifest(path.parent / folder, known.digest)
