"""Drafts (a converter model's replies for a seed) and attempts (drafts after execution)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """One reply of the converter model.

    Attributes:
        seed_id: The seed to convert.
        round: Round of drafts, from 0. The prompt of a later round shows the previous fault.
        candidate: Position among the seed's drafts of the round, from 0.
        reply: The complete reply.
        prompt: Digest of the prompt template.
        model: Digest of the converter's manifest.
        seed: Seed of the request.
        tokens: Tokens generated.
        finish_reason: `stop` (end token), `length` or `time`.
        token_ids: As in `Program`.
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
    token_ids: list[int] | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A draft with the verdict on its program.

    Attributes:
        seed_id, candidate, prompt, model: As in `Draft`.
        program: The program text in the reply; empty where there is none.
        verdict: `accepted`, `truncated`, `no_program`, `not_code_cot`, an outcome of the sandbox,
            or `wrong_answer`.
        reason: The fault, in one sentence; empty where accepted. It does not reveal the known
            answer, because the next round's prompt shows it.
        input: The executed `input` as JSON; None where the execution failed.
        output: The executed `output` as JSON; None where the execution failed.
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
