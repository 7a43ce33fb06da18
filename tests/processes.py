"""The processes below a process, and whether a process still runs."""

from pathlib import Path

from caco.runtime.process import children


def descendants(pid: int) -> list[int]:
    """Returns all descendants of `pid`."""
    by_parent = children()
    below, todo = [], [pid]
    while todo:
        found = by_parent[todo.pop()]
        below += found
        todo += found
    return below


def alive(pid: int) -> bool:
    """Returns whether a process runs; one that has exited and is not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
