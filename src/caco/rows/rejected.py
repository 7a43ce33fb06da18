"""Rejected rows of every stage."""

from dataclasses import asdict, dataclass
from typing import Any

from caco.identity import canonical_json

ACCEPTED = "accepted"  # the verdict of a row that is not rejected


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that a stage rejected.

    Attributes:
        row_id: Identity of the row in the stage's input.
        verdict: Name of the one rule that rejected it.
        reason: What the rule found, in one sentence.
        row: The complete row as JSON.
    """

    row_id: str
    verdict: str
    reason: str
    row: str


def reject(row_id: str, verdict: str, reason: str, row: Any) -> Rejected:
    """Returns the rejection of `row` (a dataclass row)."""
    return Rejected(row_id, verdict, reason, canonical_json(asdict(row)))


def verdict_of(outcome: object) -> tuple[str, str]:
    """Returns a check's verdict with its reason: of any row but a `Rejected`, `accepted`."""
    if isinstance(outcome, Rejected):
        return outcome.verdict, outcome.reason
    return ACCEPTED, ""
