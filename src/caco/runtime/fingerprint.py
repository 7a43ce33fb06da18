"""What half-done work depends on: it goes on with the same, and is never mixed with other."""

from pathlib import Path

from caco.errors import UserError
from caco.identity import digest


def fingerprints(basis: dict[str, str]) -> dict[str, str]:
    """Returns the digest of each thing that some work depends on, by its name."""
    return {name: digest(text) for name, text in basis.items()}


def require_same(path: Path, begun: dict[str, str], now: dict[str, str], mend: str) -> None:
    """Refuses to go on with what was begun on another basis.

    Args:
        path: Where the work so far lies.
        begun: Digests of what it depends on.
        now: Digests of the same things today.
        mend: What to do, put after "set them back".

    Raises:
        UserError: They differ; the sentence names in what.
    """
    if other := changed(begun, now):
        raise UserError(f"{path}: was begun with other {' and '.join(other)}; set them back {mend}")


def changed(begun: dict[str, str], now: dict[str, str]) -> list[str]:
    """Returns the names of what is not today what some work was begun with.

    Args:
        begun: Digests of what the work depends on.
        now: Digests of the same things today, or of some of them.
    """
    return [name for name, value in now.items() if begun.get(name) != value]
