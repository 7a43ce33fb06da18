"""Sections of the engines, which generate text."""

from typing import Annotated, Literal

from pydantic import Field

from caco.config.section import Section


class _EngineConfig(Section):
    kind: str
    request_s: float | None = Field(
        None,
        gt=0,
        description="Time limit of one request, in seconds; a request that exceeds it ends with "
        "the text so far and the finish reason `time`.",
    )

    @property
    def implementation(self) -> str:
        """The engine's module."""
        return f"caco.engines.{self.kind}_engine"


class TransformersEngineConfig(_EngineConfig):
    """The transformers library with continuous batching, on a GPU or a CPU."""

    kind: Literal["transformers"] = Field(
        "transformers", description="The transformers library, inside the job."
    )
    dtype: Literal["bfloat16", "float32"] = Field(
        "bfloat16", description="Data type of the weights."
    )
    batch: int = Field(64, gt=0, description="Maximum number of concurrent requests.")

    @property
    def gpus(self) -> int:
        """GPUs of a job, where the machine has any."""
        return 1


class VllmEngineConfig(_EngineConfig):
    """vLLM's offline engine, on GPUs or a CPU."""

    kind: Literal["vllm"] = Field(description="vLLM, inside the job.")
    dtype: Literal["bfloat16", "float32"] = Field(
        "bfloat16", description="Data type of the weights."
    )
    batch: int = Field(
        256, gt=0, description="Maximum number of concurrent requests (`max_num_seqs`)."
    )
    tensor_parallel: int = Field(
        1, gt=0, description="Tensor-parallel size: GPUs that share one replica of the model."
    )
    context: int | None = Field(
        None,
        gt=0,
        description="Maximum tokens of prompt and completion together; null for the model's own "
        "limit.",
    )
    gpu_memory: float = Field(0.9, gt=0, le=1, description="Fraction of each GPU's memory to use.")
    cpu_cache_gib: int = Field(2, gt=0, description="Size of the key-value cache on a CPU, in GiB.")
    eager: bool = Field(
        False, description="Disable CUDA graphs and compilation, for a faster start."
    )

    @property
    def gpus(self) -> int:
        """GPUs of a job, where the machine has any."""
        return self.tensor_parallel


class ServerEngineConfig(_EngineConfig):
    """Any OpenAI-compatible server; environment variables hold its address, which is the site's."""

    kind: Literal["server"] = Field(description="An OpenAI-compatible server.")
    url_env: str = Field(
        "CACO_SERVER_URL",
        description="Environment variable with the server's URL, `http://.../v1`.",
    )
    key_env: str = Field(
        "CACO_SERVER_KEY",
        description="Environment variable with the API key, where the server requires one.",
    )
    concurrency: int = Field(64, gt=0, description="Maximum number of concurrent requests.")
    attempts: int = Field(8, gt=0, description="Attempts of one request before the job fails.")
    attempt_s: float = Field(
        600.0,
        gt=0,
        description="Time limit of one attempt, in seconds, including the server's queue.",
    )
    disable_thinking: bool = Field(
        True,
        description="Send `chat_template_kwargs` that disable a served model's thinking; false for "
        "a server that rejects the parameter, as OpenAI's does.",
    )

    @property
    def gpus(self) -> int:
        """GPUs of a job: none, since the server has its own."""
        return 0


EngineConfig = Annotated[
    TransformersEngineConfig | VllmEngineConfig | ServerEngineConfig, Field(discriminator="kind")
]
