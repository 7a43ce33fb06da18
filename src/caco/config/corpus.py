"""The corpus."""

from pydantic import Field

from caco.config.section import Section


class Corpus(Section):
    """Which judged rows become training data."""

    deduplicate: bool = Field(
        True, description="Reject a row whose program or question the corpus has already."
    )
    decontaminate: bool = Field(
        True, description="Reject a row whose question a benchmark asks (normalised text)."
    )
