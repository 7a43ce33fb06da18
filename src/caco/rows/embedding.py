"""Embeddings: the vectors of texts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedding:
    """The vector of a question, or of a problem of a benchmark or source.

    Attributes:
        text_id: Identity of the text: `question_id` or `seed_id`.
        model: Digest of the model's manifest.
        tokens: Tokens that were embedded.
        truncated: Whether the text has more.
        vector: Its vector, of length 1: numbers of two bytes (float16, little-endian), 1.5 kB for
            a model with 768 dimensions; None if the model's vector is zero or not finite, or the
            text has no token.
    """

    text_id: str
    model: str
    tokens: int
    truncated: bool
    vector: bytes | None
