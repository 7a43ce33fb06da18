"""Manifests: the files of a checkpoint with their digests; rules depend on the manifest only."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from caco.errors import UserError
from caco.identity import canonical_json, digest, file_sha256
from caco.runtime.atomic_files import write_text
from caco.runtime.cache import changed_files


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
    return _read(path)[0]


def open_checkpoint(path: Path) -> Manifest:
    """As `read_manifest`, for a job that trains or generates: also checks the files' contents.

    A file that a job has checked is not read again until it changes (`caco.runtime.cache`).

    Raises:
        UserError: As `read_manifest`, or a file has other contents than the manifest says.
    """
    manifest, digests = _read(path)
    for file, found in changed_files(digests).items():
        what = f"its SHA-256 is {found}, but that in {path} is {digests[file]}"
        raise _damaged(file, what, path, manifest.folder)
    return manifest


def checkpoint_digests(path: Path) -> dict[Path, str]:
    """Returns the SHA-256 that a manifest has of each file, after a check of their sizes.

    Raises:
        UserError: As `read_manifest`.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[Manifest, dict[Path, str]]:
    """Returns the checkpoint of a manifest, and the SHA-256 that it has of each file."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        folder = path.parent / raw["folder"]
        sizes = {folder / name: int(file["bytes"]) for name, file in raw["files"].items()}
        digests = {folder / name: str(file["sha256"]) for name, file in raw["files"].items()}
        name: str = raw["digest"]
        if name != digest(canonical_json(raw["files"])):
            raise ValueError("the digest is not that of the files")
    except FileNotFoundError:
        raise UserError(
            f"{path}: the manifest does not exist; run the rule that creates it"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path}: not a model manifest; delete it and run again, it will be created again"
        ) from None
    for file, size in sizes.items():
        if not file.is_file() or file.stat().st_size != size:
            what = f"missing, or its size differs from the one in {path}"
            raise _damaged(file, what, path, folder)
    return Manifest(folder, name), digests


def _damaged(file: Path, what: str, path: Path, folder: Path) -> UserError:
    """Returns the error for a file that differs from its manifest: the job that made it, the fix.

    A checkpoint that a job of the run made is next to that job's manifest, to which the manifest of
    a step without a training of its own points.

    Args:
        file: The file.
        what: What is wrong with it.
        path: The manifest.
        folder: The checkpoint.
    """
    made = Path(os.path.normpath(folder.parent / "manifest.json"))
    if folder.name == "checkpoint" and made.is_file():
        job = made.parent.name
        rule = f"model` for `{job}" if made.parent.parent.name == "models" else job
        return UserError(
            f"{file}: {what}; rule `{rule}` made it, and makes it again if you type `rm {made}` "
            "and then your command again"
        )
    return UserError(
        f"{file}: {what}; rule `model` uses this folder in place: restore the file, or, if it was "
        f"changed on purpose, type `rm {path}` and then your command again"
    )


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
