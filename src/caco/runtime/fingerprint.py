"""Fingerprints: digests of what saved state (a journal, a checkpoint) depends on.

A job resumes only from state with an equal fingerprint, and never mixes it with other results.
"""

from pathlib import Path

from caco.errors import UserError
from caco.identity import digest


def fingerprints(parts: dict[str, str]) -> dict[str, str]:
    """Returns the digest of each part (settings, model, code, ...), by name."""
    return {name: digest(text) for name, text in parts.items()}


def require_same(path: Path, saved: dict[str, str], current: dict[str, str], fix: str) -> None:
    """Refuses to resume from state with another fingerprint.

    Args:
        path: The saved state.
        saved: Its fingerprint.
        current: The fingerprint of the job that is to resume from it.
        fix: How to fix it; follows "restore them" in the message.

    Raises:
        UserError: The fingerprints differ; the message names the parts that do.
    """
    if different := changed(saved, current):
        raise UserError(
            f"{path}: was saved with other {' and '.join(different)}; restore them {fix}"
        )


def changed(saved: dict[str, str], current: dict[str, str]) -> list[str]:
    """Returns the names of the parts that have changed.

    Args:
        saved: The fingerprint of saved state.
        current: The current fingerprint, or some parts of it.
    """
    return [name for name, value in current.items() if saved.get(name) != value]
