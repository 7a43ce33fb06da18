"""Rows of an ablation: the training data of a student that is trained on something else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One training example of an ablation's student.

    Attributes:
        row_id: Identity of the seed, or of the solution (`Solution.row_id`), that it was made from.
        instruction: The problem.
        output: The step-by-step solution.
        answer: The seed's known answer, or the output of the program that the question is about.
        origin: `seed`, or whether the verification has `accepted` or `rejected` the solution.
    """

    row_id: str
    instruction: str
    output: str
    answer: str
    origin: str
