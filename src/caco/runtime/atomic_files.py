"""Atomic writes: a file or folder is complete or absent, never partly written.

It is written under a temporary name in the same folder, and renamed when it is complete.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.errors import ClusterError
from caco.runtime.file_system import NO_LOCKS, file_system_error

_LOCK_TIMEOUT_S = 30.0  # longer than a job outlives its Snakemake


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raises `CacoError` for an error that the file system causes while `path` is written."""
    try:
        yield
    except Exception as error:
        if (explained := file_system_error(error, path)) is not None:
            raise explained from None
        raise


def _temporary_path(path: Path) -> Path:
    """Returns the temporary name for `path`, and deletes what killed jobs left under such names.

    The name contains the process ID: an orphan of a killed run and its successor never write to the
    same file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*.part"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.part")


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path; it is renamed to `path` if the block ends without an error.

    The temporary file of a failed block is deleted.

    Raises:
        CacoError: The file system failed; see `caco.runtime.file_system`.
    """
    with _explained(path):
        temporary = _temporary_path(path)
        try:
            yield temporary
            with temporary.open("rb") as f:
                os.fsync(f.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def append_line(path: Path, line: str) -> None:
    """Appends a line to a file in one write: a concurrent reader sees all of it or nothing.

    Raises:
        OSError: The file system failed; it names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, f"{line}\n".encode("utf-8", "replace"))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(file)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """As `atomic_file`, for a folder; it replaces an existing folder at `path`.

    Its files get the process's default mode for new files: libraries write weights through
    temporary files, which are unreadable for other users.
    """
    with _explained(path):
        temporary = _temporary_path(path)
        temporary.mkdir()
        try:
            yield temporary
            mode = _mode_of_new_files()
            for file in temporary.rglob("*"):
                if file.is_file():
                    file.chmod(mode)
            if path.exists():
                shutil.rmtree(path)
            temporary.replace(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Removes a folder atomically: it is complete or absent even if this process is killed."""
    temporary = _temporary_path(path)
    path.replace(temporary)
    shutil.rmtree(temporary)


def wait_for_lock(file: int, busy: str) -> None:
    """Locks an open file; waits for an orphaned job of a killed run, which holds it until it exits.

    Args:
        file: The descriptor; closing it releases the lock.
        busy: The start of the message if the lock stays held: which process uses which path.

    Raises:
        ClusterError: The lock stays held.
    """
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ClusterError(f"{busy}; wait until it has exited") from None
            time.sleep(0.1)
        except OSError as error:
            if error.errno in NO_LOCKS:
                return  # the start of the run has printed a notice
            raise
        else:
            return


def _mode_of_new_files() -> int:
    umask = os.umask(0o077)  # the umask can only be read by setting it
    os.umask(umask)
    return 0o666 & ~umask
