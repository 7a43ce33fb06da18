"""Graded answers: every completion of a benchmark, with its grade."""

from dataclasses import dataclass

CORRECT, UNDECIDED = "correct", "undecided"


@dataclass(frozen=True, slots=True)
class Graded:
    """One graded answer of a model to a benchmark problem.

    Attributes:
        benchmark: Name of the benchmark in the config.
        model: `base` or `student`.
        problem_id: Identity of the problem.
        problem: The question.
        answer: The known answer.
        sample: Number of the answer among those to the problem, from 0.
        completion: The model's complete reply.
        stated: The final answer that the reply states; empty without one.
        verdict: `correct`, `wrong`, `undecided` (neither is proven), `copied` (an expression of the
            question, which is no answer), `no_answer` (the reply states none) or `grader_timeout`.
        reason: The comparison and its result, in one sentence.
        second_verdict: The verdict of the independent second grader, one of the same.
        checked_statements: Statements about numbers in the reply that are true or false.
        false_statements: Those that are false.
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
    stated: str
    verdict: str
    reason: str
    second_verdict: str
    checked_statements: int
    false_statements: int
    tokens: int
    finish_reason: str
    absolute_error: str | None = None
