"""Files that are either whole or absent: written aside, then renamed into place."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.errors import ClusterError

_ORPHAN_S = 30.0  # longer than a job outlives its Snakemake
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FULL_BYTES = 1 << 20  # with less than this free, what failed just now failed for want of room


def disk_full_error(error: Exception, path: Path) -> ClusterError | None:
    """Returns the sentence for a failure that was a full disk, or None for any other.

    Args:
        error: The failure: an OSError, or a library's own that has the system's words in it.
        path: What was being written.
    """
    words = [os.strerror(number) for number in _NO_ROOM]
    number = error.errno if isinstance(error, OSError) else None
    if number not in _NO_ROOM and not any(word in str(error) for word in words):
        return None
    return _full(path)


def require_disk_space(path: Path) -> None:
    """Raises `ClusterError` if the disk under `path` is full, for failures that do not say so."""
    disk = os.statvfs(path)
    if disk.f_bavail * disk.f_frsize < _FULL_BYTES:
        raise _full(path)


def _full(path: Path) -> ClusterError:
    return ClusterError(
        f"{path}: there is no room left on its disk, or no quota; make room and run again: what "
        "was finished is kept"
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns a full disk under `path` into its sentence."""
    try:
        yield
    except Exception as error:
        if (full := disk_full_error(error, path)) is not None:
            raise full from None
        raise


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

    Raises:
        ClusterError: There is no room on the disk.
    """
    with _explained(path):
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


def append_line(path: Path, line: str) -> None:
    """Adds a line to a file, in one piece: whoever reads meanwhile sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, f"{line}\n".encode("utf-8", "replace"))
    finally:
        os.close(file)


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """As `written_aside`, for a folder; an older folder at `path` is replaced.

    Its files get the mode that the process gives to new files: libraries write weights through
    temporary files, which nobody else may read.
    """
    with _explained(path):
        aside = _aside(path)
        aside.mkdir()
        try:
            yield aside
            mode = _mode_of_new_files()
            for file in aside.rglob("*"):
                if file.is_file():
                    file.chmod(mode)
            if path.exists():
                shutil.rmtree(path)
            aside.replace(path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Removes a folder: it is whole or it is gone, also where this process is killed meanwhile."""
    aside = _aside(path)
    path.replace(aside)
    shutil.rmtree(aside)


def wait_for_lock(file: int, busy: str) -> None:
    """Takes the lock of an open file, which a killed run's job holds until it has ended itself.

    Args:
        file: The descriptor; closing it frees the lock.
        busy: The sentence for a lock that stays taken: what is at work, on which path.

    Raises:
        ClusterError: The lock stays taken.
    """
    deadline = time.monotonic() + _ORPHAN_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ClusterError(f"{busy}; wait until it has ended") from None
            time.sleep(0.1)
        except OSError:
            return  # a file system without locks: the start of the run has said so
        else:
            return


def _mode_of_new_files() -> int:
    umask = os.umask(0o077)  # it can only be read by setting it
    os.umask(umask)
    return 0o666 & ~umask
