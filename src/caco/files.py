"""Files that are either whole or absent: written aside, then renamed into place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _aside(path: Path) -> Path:
    """Returns where to write what will be `path`, after sweeping up what killed jobs left there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*.part"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.part")


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yields a path beside `path`; it takes `path`'s name when the block ends without an error.

    The name holds the process id: an orphan of a killed run and its successor never write to the
    same bytes. Whatever is left of a failed block is removed.
    """
    aside = _aside(path)
    try:
        yield aside
        with aside.open("rb") as f:
            os.fsync(f.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """As `written_aside`, for a folder; an older folder at `path` is replaced."""
    aside = _aside(path)
    aside.mkdir()
    try:
        yield aside
        if path.exists():
            shutil.rmtree(path)
        aside.replace(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
