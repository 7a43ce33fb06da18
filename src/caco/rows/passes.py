"""Passes: how many of a model's answers to a question are right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passes:
    """The graded answers of a model to a question.

    Attributes:
        question_id: Identity of the question.
        model: Digest of the model's manifest.
        answers: Answers of the model.
        passes: Those that are proven right.
    """

    question_id: str
    model: str
    answers: int
    passes: int

    @property
    def rate(self) -> float:
        """The share of right answers."""
        return self.passes / self.answers
