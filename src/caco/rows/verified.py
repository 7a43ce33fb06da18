"""Verified programs: executed in the sandbox and accepted by every rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verified:
    """A program that ran and satisfies every rule.

    Attributes:
        sample_id, program_id: As in `Program`.
        shard: Zero-padded shard.
        program: The text as sampled.
        codegen: Digest of the code generator's manifest.
        input: The executed `input`, as JSON.
        output: The executed `output`, as JSON.
    """

    sample_id: str
    program_id: str
    shard: str
    program: str
    codegen: str
    input: str
    output: str
