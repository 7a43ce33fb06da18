"""Problems with checkable answers, for reinforcement learning with verifiable rewards (RLVR)."""

from dataclasses import dataclass

from caco.rows.table import Message


@dataclass(frozen=True, slots=True)
class RlvrRow:
    """A question of the corpus with its answer, without a solution.

    Attributes:
        prompt: The problem, as a conversation of one user turn.
        answer: The program's executed output, with which the completion's answer is compared.
        question_id, program_id, sample_id, shard: Identities of its parents, as in `sft`.
        pass_rate: The share of a model's answers that are right, as in `sft`.
    """

    prompt: list[Message]
    answer: str
    question_id: str
    program_id: str
    sample_id: str
    shard: str
    pass_rate: float | None = None
