"""Solutions: worked answers to questions, generated without access to the program."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Solution:
    """A question with a step-by-step solution.

    Attributes:
        question_id, sample_id, program_id, shard, program, codegen, input, output, question,
        question_prompt, question_model: As in `Question`.
        solution: The solution's text, generated from the question alone.
        solution_prompt: Digest of the prompt template.
        solution_model: Digest of the solver's manifest.
        variant, style: As in `Question`.
        llm_judge_model: Digest of the LLM judge's manifest; None before it has accepted the row.
        llm_judge_prompt: Digest of the LLM judge's prompt template; None likewise.
        statements, checked_statements, false_statements: As in `CorpusRow`; None before `check`.
        solution_variant: Number of the solution among its question's solutions, from 0.
        round_trip_model, round_trip_prompt, round_trip_share: As in `Question`.
    """

    question_id: str
    sample_id: str
    program_id: str
    shard: str
    program: str
    codegen: str
    input: str
    output: str
    question: str
    question_prompt: str
    question_model: str
    solution: str
    solution_prompt: str
    solution_model: str
    variant: int = 0
    style: str | None = None
    llm_judge_model: str | None = None
    llm_judge_prompt: str | None = None
    statements: int | None = None
    checked_statements: int | None = None
    false_statements: int | None = None
    solution_variant: int = 0
    round_trip_model: str | None = None
    round_trip_prompt: str | None = None
    round_trip_share: float | None = None

    @property
    def row_id(self) -> str:
        """Identity of the row: that of its question, with the number of a further solution."""
        return solution_id(self.question_id, self.solution_variant)


def solution_id(question_id: str, variant: int) -> str:
    """Returns the identity of a question's solution; that of the first is the question's."""
    return f"{question_id}.{variant}" if variant else question_id
