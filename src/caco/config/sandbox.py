"""Limits of the sandbox in which untrusted programs run."""

from pydantic import Field

from caco.config.section import Section


class Sandbox(Section):
    """What one program may use."""

    cpu_s: float = Field(
        5.0, gt=0, description="CPU seconds; the released code allows 5, the paper 10 of wall time."
    )
    wall_s: float = Field(
        20.0, gt=0, description="Wall seconds: the backstop for programs that sleep."
    )
    memory_mb: int = Field(
        1024, gt=0, description="Address space in MiB, beyond what the interpreter has."
    )
    output_bytes: int = Field(
        65_536, gt=0, description="Largest `input`, `output` or printed text kept, in bytes."
    )
