"""Section of a repository of the Hugging Face hub: of a model or of a data set."""

from pydantic import Field

from caco.config.section import Section


class HubRepository(Section):
    """A repository of the Hugging Face hub at a fixed revision."""

    repo: str = Field(description="`owner/name`.", pattern=r"^[^/\s]+/[^/\s]+$")
    revision: str = Field(
        description="Full commit hash; a branch name would not be reproducible.",
        pattern=r"^[0-9a-f]{40}$",
    )
