"""Drafts: what a converting model replied for a seed, not yet executed."""

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
