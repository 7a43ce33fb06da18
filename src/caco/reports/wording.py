"""Counts and lists of names in sentences for a terminal."""

from collections.abc import Sequence

_LISTED = 3  # names that are listed where there are more


def counted(number: int, what: str) -> str:
    """Returns a number with its noun, in the plural unless it is 1."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Returns the first names, and the number of the others."""
    further = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + further
