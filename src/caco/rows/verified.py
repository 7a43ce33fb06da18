"""Verified programs: executed in the sandbox, and through every rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verified:
    """A program that ran and kept the rules.

    Attributes:
        sample_id: The draw it came from.
        program_id: Its identity.
        shard: Zero-padded shard.
        program: Its text.
        codegen: Digest of the checkpoint that wrote it.
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
