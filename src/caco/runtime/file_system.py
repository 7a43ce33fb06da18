"""Errors of the file system, one sentence each: the file, the cause, the fix, and who causes it.

This is the only place that explains them. Jobs call it where they write (`atomic_files`, `journal`,
`heartbeat`), where they read tables, and for any other error that ends them (`job.run`).
"""

import errno
import getpass
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from caco.errors import CacoError, ClusterError, UserError

# `flock` of a file system that is mounted without locks.
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)
_FULL_BYTES = 1 << 20  # with less free space, a write that failed has failed for lack of space
_CLOCK_S = 120.0  # by which clocks of nodes and file servers may differ


@dataclass(frozen=True, slots=True)
class _Failure:
    """What an error number means.

    Attributes:
        owner: The error's class: whose failure it is.
        cause: The cause.
        fix: The fix; `{host}` and `{user}` are replaced.
        by_text: Whether the system's message in a library's error means it too.
    """

    owner: type[CacoError]
    cause: str
    fix: str
    by_text: bool = False


_RETAINED = "run again: finished work is retained"
_FAILURES = {
    errno.ENOSPC: _Failure(
        ClusterError, "no space left on its disk", f"free some space and {_RETAINED}", True
    ),
    errno.EDQUOT: _Failure(
        ClusterError,
        "the quota of user `{user}` on its disk is exceeded",
        f"delete files or have the quota raised (`quota -s` shows it), and {_RETAINED}",
        True,
    ),
    errno.EROFS: _Failure(
        ClusterError,
        "its file system is read-only on {host}, by its mount or after an error of its disk",
        f"mount it writable, or change `run` in the config, and {_RETAINED}",
        True,
    ),
    errno.EIO: _Failure(
        ClusterError,
        "its disk or file server fails (input/output error)",
        f"see the kernel's log of {{host}} (`dmesg`), repair it or use another node, and "
        f"{_RETAINED}",
    ),
    errno.ESTALE: _Failure(
        ClusterError,
        "the file server does not know it any more (stale file handle)",
        f"mount its file system again on {{host}}, and {_RETAINED}",
        True,
    ),
    errno.ETIMEDOUT: _Failure(
        ClusterError,
        "its file server does not answer {host}",
        f"wait until it does, and {_RETAINED}",
    ),
    errno.ENOLCK: _Failure(
        ClusterError,
        "its file system has no locks on {host}, or its lock service does not run",
        f"mount it with locks, and {_RETAINED}",
    ),
    errno.EMFILE: _Failure(
        ClusterError,
        "too many files are open on {host}",
        f"raise the limit (`ulimit -n`), and {_RETAINED}",
    ),
    errno.EISDIR: _Failure(
        UserError, "it is a folder, not a file", f"move the folder away and {_RETAINED}"
    ),
    errno.ENOTDIR: _Failure(
        UserError,
        "a name before its last one is a file, not a folder",
        f"move that file away and {_RETAINED}",
    ),
    errno.EEXIST: _Failure(
        UserError,
        "a file is where a folder must be",
        f"move the file away and {_RETAINED}",
    ),
    errno.ELOOP: _Failure(
        UserError,
        "a symbolic link in its path leads back to itself",
        f"delete the link and {_RETAINED}",
        True,
    ),
    errno.ENAMETOOLONG: _Failure(
        UserError, "its name is too long for its file system", "shorten it and run again"
    ),
}
_FAILURES[errno.ENFILE] = _FAILURES[errno.EMFILE]
_FORBIDDEN = _Failure(
    UserError,
    "user `{user}` may not read or write it",
    "change its owner or mode, which `ls -ld` shows for it and its folder, and run again",
)


def file_system_error(error: BaseException, path: Path | None = None) -> CacoError | None:
    """Returns the error to raise if the file system caused a failure, None otherwise.

    Args:
        error: The failure: an OSError, or a library's error that contains the system's message.
        path: What was being read or written, if the failure names no file.
    """
    if isinstance(error, CacoError):
        return None
    number = error.errno if isinstance(error, OSError) else None
    named = getattr(error, "filename", None) if isinstance(error, OSError) else None
    # A temporary name means nothing to a person.
    if isinstance(named, str) and not (path is not None and named.endswith(".part")):
        path = Path(named)
    if number in (errno.EACCES, errno.EPERM):
        return _explained(_FORBIDDEN, path) if path is not None else None
    failure = _FAILURES.get(number) if number is not None else None
    if failure is None:
        text = str(error)
        by_text = (f for n, f in _FAILURES.items() if f.by_text and os.strerror(n) in text)
        failure = next(by_text, None)
    return _explained(failure, path or Path()) if failure is not None else None


def require_disk_space(path: Path) -> None:
    """Raises `ClusterError` if the disk of `path` is full, for failures that do not report it."""
    disk = os.statvfs(path)
    if disk.f_bavail * disk.f_frsize < _FULL_BYTES:
        raise _explained(_FAILURES[errno.ENOSPC], path)


def clock_notice(files: Iterable[Path], now: float) -> str | None:
    """Returns a notice about files from the future: a clock was set back; None without any.

    Args:
        files: Files that jobs read; those that do not exist yet do not count.
        now: The time, seconds since 1970.
    """
    future: list[tuple[float, Path]] = []
    for file in files:
        with suppress(OSError):
            if (changed := file.stat().st_mtime) > now + _CLOCK_S:
                future.append((changed, file))
    if not future:
        return None
    latest, newest = max(future)
    return (
        f"cluster notice: {newest}: it was changed {latest - now:,.0f} s after the time of "
        f"{socket.gethostname()}, as were {len(future) - 1:,} other files that jobs read: a clock "
        "is or was wrong, and each run repeats these jobs until that time; set the clock, and "
        "`touch` the files"
    )


def _explained(failure: _Failure, path: Path) -> CacoError:
    names = {"host": socket.gethostname(), "user": _user()}
    return failure.owner(f"{path}: " + f"{failure.cause}; {failure.fix}".format(**names))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in some containers
        return str(os.getuid())
