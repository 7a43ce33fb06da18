"""Graded answers: every completion of a benchmark, with its grade."""

from dataclasses import dataclass

CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Graded:
    """One benchmark problem with one model's graded answer.

    Attributes:
        benchmark: Name of the benchmark in the config.
        model: `base` or `student`.
        problem_id: Identity of the problem.
        problem: The question.
        answer: The known answer.
        completion: The model's complete reply.
        verdict: `correct`, `wrong`, `no_answer` (nothing to extract) or `grader_timeout`.
        tokens: Tokens generated.
        finish_reason: `stop`, `length` or `time`.
    """

    benchmark: str
    model: str
    problem_id: str
    problem: str
    answer: str
    completion: str
    verdict: str
    tokens: int
    finish_reason: str
