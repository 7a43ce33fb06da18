"""Rejected rows: of every stage, in one shape."""

from dataclasses import asdict, dataclass
from typing import Any

from caco.identity import canonical_json


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that a stage did not let through.

    Attributes:
        row_id: Identity of the row in the stage's input.
        verdict: The one rule that rejected it, as a word.
        reason: What was seen, in a sentence.
        row: The whole row as JSON, so that nothing is lost.
    """

    row_id: str
    verdict: str
    reason: str
    row: str


def reject(row_id: str, verdict: str, reason: str, row: Any) -> Rejected:
    """Returns the rejection of `row` (a dataclass row)."""
    return Rejected(row_id, verdict, reason, canonical_json(asdict(row)))
