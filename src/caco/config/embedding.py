"""Section of the embeddings: vectors of questions, for decontamination and diversity."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caco.config.engines import (
    ServerEngineConfig,
    TransformersEngineConfig,
    VllmEngineConfig,
)
from caco.config.section import Section


class TransformersEmbedderConfig(TransformersEngineConfig):
    """The transformers library, on a GPU or a CPU."""

    batch: int = Field(64, gt=0, description="Texts that are computed at once.")

    @property
    def implementation(self) -> str:
        """The embedder's module."""
        return "caco.engines.transformers_embedder"


class VllmEmbedderConfig(VllmEngineConfig):
    """vLLM's offline engine as a pooling model, on GPUs or a CPU."""

    @property
    def implementation(self) -> str:
        """The embedder's module."""
        return "caco.engines.vllm_embedder"


EmbedderConfig = Annotated[
    TransformersEmbedderConfig | VllmEmbedderConfig | ServerEngineConfig,
    Field(discriminator="kind"),
]


class Embedding(Section):
    """A model that turns each question into a vector; similar questions have a large cosine."""

    model: str = Field(
        description="Name of a model in `models`, with a checkpoint; best one that was trained to "
        "embed sentences."
    )
    engine: EmbedderConfig = Field(
        TransformersEmbedderConfig(),
        description="Engine that runs the model: `transformers` or `vllm`, without `request_s`.",
    )
    pooling: Literal["mean", "last"] = Field(
        "mean",
        description="The vector of a text: the mean of its tokens' last hidden states, or that of "
        "its last token. The card of an embedding model names its own.",
    )
    max_tokens: int = Field(
        512,
        gt=0,
        description="Tokens of a text, with the prefix; of a longer one the first are embedded. "
        "The model's own limit holds as well.",
    )
    prefix: str = Field(
        "",
        description="Text before each question, such as the instruction that the card of an "
        "embedding model asks for.",
    )

    @model_validator(mode="after")
    def _engines_that_embed(self) -> Self:
        if isinstance(self.engine, ServerEngineConfig):
            raise ValueError(
                "the engine `server` generates and does not embed; set `engine.kind` to "
                "`transformers` or `vllm`"
            )
        if isinstance(self.engine, VllmEmbedderConfig) and self.engine.speculative is not None:
            raise ValueError("an embedder draws no tokens; remove `engine.speculative`")
        if self.engine.request_s is not None:
            raise ValueError("a text is embedded without a time limit; remove `engine.request_s`")
        return self

    def embedder(self) -> "Embedder":
        """Returns what the vectors depend on, besides the model."""
        return Embedder(**{name: getattr(self, name) for name in Embedder.model_fields})


class Embedder(Section):
    """What the vectors of a model depend on."""

    engine: TransformersEmbedderConfig | VllmEmbedderConfig = Field(discriminator="kind")
    pooling: Literal["mean", "last"]
    max_tokens: int
    prefix: str
