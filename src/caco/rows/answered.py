"""Answers: every completion of a benchmark or of a question, not yet graded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of a model to a problem: of a benchmark, or a question of the corpus.

    Attributes:
        benchmark: Name of the benchmark in the config; `pass_rate` for a question of the corpus.
        model: `base` or `student`; for a question of the corpus, the digest of the model's
            manifest.
        problem_id: Identity of the problem.
        problem: The question.
        answer: The known answer.
        sample: Number of the answer among those to the problem, from 0.
        completion: The model's complete reply.
        tokens: Tokens generated.
        finish_reason: `stop`, `length` or `time`.
        absolute_error: As in `Seed`.
        token_ids: As in `Program`.
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
    token_ids: list[int] | None = None
