"""Questions: programs translated back into problems."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A natural-language problem written from a verified program.

    Attributes:
        question_id: Digest of the sample, prompt, model, request seed and text.
        sample_id, program_id, shard, program, codegen, input, output: As in `Verified`.
        question: The problem's text.
        question_prompt: Digest of the prompt template.
        question_model: Digest of the writer's manifest.
        variant: Number of the question among its program's questions, from 0.
        style: The context or style that the writer was prompted for, or None.
        round_trip_model, round_trip_prompt: Digests of the manifest and of the prompt template of
            the model that wrote programs from the question; None before `round_trip`.
        round_trip_share: The share of these programs that have the program's output, or None.
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
    variant: int = 0
    style: str | None = None
    round_trip_model: str | None = None
    round_trip_prompt: str | None = None
    round_trip_share: float | None = None
