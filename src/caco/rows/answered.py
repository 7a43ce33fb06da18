"""Answers: every generation of a benchmark, not yet graded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """One benchmark problem with a model's answer.

    Attributes:
        benchmark: Name of the benchmark in the config.
        model: `base` or `student`.
        problem_id: Identity of the problem.
        problem: The question asked.
        answer: The known answer.
        completion: The model's whole answer.
        tokens: Tokens generated.
        finish_reason: `stop`, `length` or `time`.
    """

    benchmark: str
    model: str
    problem_id: str
    problem: str
    answer: str
    completion: str
    tokens: int
    finish_reason: str
