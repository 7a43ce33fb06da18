"""Engines: what turns prompts into text."""

from typing import Annotated, Literal

from pydantic import Field

from caco.config.section import Section


class _EngineConfig(Section):
    kind: str
    request_s: float | None = Field(
        None,
        gt=0,
        description="Seconds for one request, which then ends with what it has: `time`.",
    )

    @property
    def implementation(self) -> str:
        """The engine's module."""
        return f"caco.engines.{self.kind}_engine"


class TransformersEngineConfig(_EngineConfig):
    """transformers with continuous batching, on a GPU or a CPU."""

    kind: Literal["transformers"] = Field("transformers", description="transformers, in process.")
    dtype: Literal["bfloat16", "float32"] = Field("bfloat16", description="Weights' precision.")
    batch: int = Field(64, gt=0, description="Requests run side by side.")

    @property
    def gpus(self) -> int:
        """GPUs of a job, where there are any."""
        return 1


class VllmEngineConfig(_EngineConfig):
    """vLLM's offline engine, on GPUs or a CPU."""

    kind: Literal["vllm"] = Field(description="vLLM, in process.")
    dtype: Literal["bfloat16", "float32"] = Field("bfloat16", description="Weights' precision.")
    batch: int = Field(256, gt=0, description="Requests run side by side (`max_num_seqs`).")
    tensor_parallel: int = Field(1, gt=0, description="GPUs that share one copy of the model.")
    context: int | None = Field(
        None, gt=0, description="Longest prompt and completion together; null for the model's own."
    )
    gpu_memory: float = Field(0.9, gt=0, le=1, description="Share of each GPU's memory to use.")
    cpu_cache_gib: int = Field(2, gt=0, description="Keys and values, GiB, where there is no GPU.")
    eager: bool = Field(False, description="No CUDA graphs, no compilation: a faster start.")

    @property
    def gpus(self) -> int:
        """GPUs of a job, where there are any."""
        return self.tensor_parallel


class ServerEngineConfig(_EngineConfig):
    """Any OpenAI-compatible server. Where it is, is a fact of the site, not of the run."""

    kind: Literal["server"] = Field(description="An OpenAI-compatible server.")
    url_env: str = Field(
        "CACO_SERVER_URL", description="Environment variable with its address, `http://.../v1`."
    )
    key_env: str = Field(
        "CACO_SERVER_KEY", description="Environment variable with its key, where it wants one."
    )
    concurrency: int = Field(64, gt=0, description="Requests under way at a time.")
    attempts: int = Field(8, gt=0, description="Tries of one request before the job fails.")
    attempt_s: float = Field(
        600.0, gt=0, description="Seconds for one try, the server's own queue included."
    )

    @property
    def gpus(self) -> int:
        """GPUs of a job: none, they are the server's."""
        return 0


EngineConfig = Annotated[
    TransformersEngineConfig | VllmEngineConfig | ServerEngineConfig, Field(discriminator="kind")
]
