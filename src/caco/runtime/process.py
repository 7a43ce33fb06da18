"""Processes: a signal when the parent exits, and the children of each process."""

import ctypes
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """Returns a function that makes the kernel signal this process when its parent exits."""
    libc = ctypes.CDLL(None, use_errno=True)

    def set_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))

    return set_signal


def children() -> defaultdict[int, list[int]]:
    """Returns the children of each process; processes that exit meanwhile may be missing."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        found[parent].append(int(stat.parent.name))
    return found
