"""Drafts, what a converting model replied for a seed, and attempts, drafts after execution."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """One reply of the converter.

    Attributes:
        seed_id: The seed that it was asked about.
        round: Round of drafts, from 0; a later one was shown what was wrong with the one before.
        candidate: Position among the seed's drafts of the round, from 0.
        reply: The whole reply.
        prompt: Digest of the prompt template.
        model: Digest of the converter's manifest.
        seed: Seed of the request.
        tokens: Tokens generated.
        finish_reason: `stop` (end token), `length` or `time`.
    """

    seed_id: str
    round: int
    candidate: int
    reply: str
    prompt: str
    model: str
    seed: int
    tokens: int
    finish_reason: str


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
