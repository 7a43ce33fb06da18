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
