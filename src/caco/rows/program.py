"""Programs: samples of the code generator, not yet executed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """One sampled program.

    Attributes:
        sample_id: Digest of checkpoint, sampling settings, shard and index: identifies the sample.
        program_id: Digest of the program's normalised syntax tree: identifies the text.
        shard: Zero-padded shard.
        index: Position in the shard, from 0.
        program: The text as sampled, end token removed.
        model: Digest of the checkpoint's manifest.
        seed: Seed of the request.
        tokens: Tokens generated.
        finish_reason: `stop` (end token), `length` or `time`.
        token_ids: The drawn tokens, with the end token, where the program's tokenizer encodes the
            text differently; None where it restores them, or where the engine is a server.
    """

    sample_id: str
    program_id: str
    shard: str
    index: int
    program: str
    model: str
    seed: int
    tokens: int
    finish_reason: str
    token_ids: list[int] | None = None
