"""Atomic writes: a file or folder is complete or absent, never partly written.

It is written under a temporary name in the same folder, and renamed when it is complete.
"""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.errors import ClusterError

_LOCK_TIMEOUT_S = 30.0  # longer than a job outlives its Snakemake
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_FULL_BYTES = 1 << 20  # with less free space, a write that failed has failed for lack of space


def disk_full_error(error: Exception, path: Path) -> ClusterError | None:
    """Returns the error to raise if a full disk caused a failure, None otherwise.

    Args:
        error: The failure: an OSError, or a library's error that contains the system's message.
        path: What was being written.
    """
    messages = [os.strerror(number) for number in _NO_SPACE]
    number = error.errno if isinstance(error, OSError) else None
    if number not in _NO_SPACE and not any(message in str(error) for message in messages):
        return None
    return _full(path)


def require_disk_space(path: Path) -> None:
    """Raises `ClusterError` if the disk of `path` is full, for failures that do not report it."""
    disk = os.statvfs(path)
    if disk.f_bavail * disk.f_frsize < _FULL_BYTES:
        raise _full(path)


def _full(path: Path) -> ClusterError:
    return ClusterError(
        f"{path}: no space left on its disk, or its quota is exceeded; free some space and run "
        "again: finished work is retained"
    )


@contextmanager
def _disk_full_as_cluster_error(path: Path) -> Iterator[None]:
    """Raises `ClusterError` for any error that a full disk causes."""
    try:
        yield
    except Exception as error:
        if (full := disk_full_error(error, path)) is not None:
            raise full from None
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
        ClusterError: The disk is full.
    """
    with _disk_full_as_cluster_error(path):
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
    """Appends a line to a file in one write: a concurrent reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, f"{line}\n".encode("utf-8", "replace"))
    finally:
        os.close(file)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """As `atomic_file`, for a folder; it replaces an existing folder at `path`.

    Its files get the process's default mode for new files: libraries write weights through
    temporary files, which are unreadable for other users.
    """
    with _disk_full_as_cluster_error(path):
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
        except OSError:
            return  # a file system without locks: the start of the run has printed a notice
        else:
            return


def _mode_of_new_files() -> int:
    umask = os.umask(0o077)  # the umask can only be read by setting it
    os.umask(umask)
    return 0o666 & ~umask
