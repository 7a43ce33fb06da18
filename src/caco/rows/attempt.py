"""Attempts: drafts after their execution in the sandbox."""

from dataclasses import dataclass

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A draft with what became of it.

    Attributes:
        seed_id, candidate, prompt, model: As in `Draft`.
        program: The program text in the reply; empty where there is none.
        verdict: `accepted`, or why not: `truncated`, `no_program`, `not_code_cot`, an outcome of
            the sandbox, or `wrong_answer`.
        reason: What was seen, in a sentence that does not tell the known answer: the next round's
            prompt shows it. Empty where accepted.
        input: The executed `input` as JSON; None where it did not end well.
        output: The executed `output` likewise.
    """

    seed_id: str
    candidate: int
    prompt: str
    model: str
    program: str
    verdict: str
    reason: str
    input: str | None
    output: str | None
