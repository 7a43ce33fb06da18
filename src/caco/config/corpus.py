"""The corpus."""

from pydantic import Field

from caco.config.section import Section


class Corpus(Section):
    """Which judged rows become training data."""

    deduplicate: bool = Field(
        True,
        description="Reject a row whose program (see `per_program`) or question the corpus has.",
    )
    per_program: int = Field(
        1,
        gt=0,
        description="Rows of one program that are no duplicates; more pay with several variants.",
    )
    decontaminate: bool = Field(
        True, description="Reject a row whose question a benchmark asks (normalised text)."
    )
