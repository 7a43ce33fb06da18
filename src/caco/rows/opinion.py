"""Opinions: what the judging model says of planted rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """The judging model on one planted row.

    Attributes:
        question_id: The planted row.
        verdict: `accepted`, or a verdict of `caco.reverse.agree`.
        reason: Why not, in a sentence; empty where accepted.
    """

    question_id: str
    verdict: str
    reason: str
