"""The rules a sampled program must keep."""

from pydantic import Field

from caco.config.section import Section


class Verify(Section):
    """Thresholds of the verification rules; the defaults are the paper's."""

    min_lines: int = Field(
        6, ge=0, description="Lines that are neither blank, comment nor import (released code)."
    )
    max_digits: int = Field(
        10_000, gt=0, description="Digits of the longest integer in `input` or `output`."
    )
    unused_inputs: bool = Field(
        True,
        description="Reject a program that uses a key of `input` nowhere: neither as an identifier "
        "nor as a subscript.",
    )
    duplicates: bool = Field(
        True, description="Reject a program whose normalised syntax tree its shard has already."
    )
