"""Redrafts: programs that a model writes from a question, to be compared with its program."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redraft:
    """One reply of the model that writes programs from questions.

    Attributes:
        question_id: The question.
        number: Number of the program among those of its question, from 0.
        reply: The complete reply.
        prompt: Digest of the prompt template.
        model: Digest of the model's manifest.
        seed: Seed of the request.
        tokens: Tokens generated.
        finish_reason: `stop` (end token), `length` or `time`.
        token_ids: As in `Program`.
    """

    question_id: str
    number: int
    reply: str
    prompt: str
    model: str
    seed: int
    tokens: int
    finish_reason: str
    token_ids: list[int] | None = None
