"""Measured rows: planted rows with what each check said of them."""

from dataclasses import dataclass

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Measured:
    """A planted row before the checks, each on its own.

    Attributes:
        question_id: The planted row.
        right_id: The known-right row it was made from.
        kind: What was done to that.
        question, output, answer: What the checks compare.
        answer_check: `accepted`, or the verdict of the answer check alone.
        exact_checks: Likewise of all checks without a model.
        judge: Likewise of the judging model; None where there is none.
        reason: What the exact checks saw, or the judging model where they accepted.
    """

    question_id: str
    right_id: str
    kind: str
    question: str
    output: str
    answer: str
    answer_check: str
    exact_checks: str
    judge: str | None
    reason: str
