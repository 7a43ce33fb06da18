"""Answers: every completion of a benchmark, not yet graded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of a model to a benchmark problem.

    Attributes:
        benchmark: Name of the benchmark in the config.
        model: `base` or `student`.
        problem_id: Identity of the problem.
        problem: The question.
        answer: The known answer.
        sample: Number of the answer among those to the problem, from 0.
        completion: The model's complete reply.
        tokens: Tokens generated.
        finish_reason: `stop`, `length` or `time`.
        absolute_error: As in `Seed`.
    """

    benchmark: str
    model: str
    problem_id: str
    problem: str
    answer: str
    sample: int
    completion: str
    tokens: int
    finish_reason: str
    absolute_error: str | None = None
