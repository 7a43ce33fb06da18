"""Processes of this machine, from /proc."""

from collections import defaultdict
from pathlib import Path


def children() -> defaultdict[int, list[int]]:
    """Returns each process's children, from one look; those that end meanwhile may be missing."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        found[parent].append(int(stat.parent.name))
    return found
