"""Sections of the engines, which generate text."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caco.config.section import Section

# What vLLM chooses for a step: at least so many tokens (on a CPU; 8,192 and 16,384 on GPUs), and so
# many requests, or four times both.
_STEP_TOKENS = 4_096
_SMALLEST_BATCH = 256
LARGEST_BATCH = 1_024


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


class NgramSpeculation(Section):
    """Speculative decoding by n-grams: what followed the last tokens earlier is proposed again.

    A step of the model computes all proposed tokens of a request and keeps those that it would have
    drawn. The distribution of the texts is the same; a seed draws another text.
    """

    num_speculative_tokens: int = Field(gt=0, description="Tokens proposed in a step.")
    prompt_lookup_max: int = Field(
        4, gt=0, description="Longest n-gram that is looked up in prompt and text, in tokens."
    )
    prompt_lookup_min: int = Field(
        2, gt=0, description="Shortest n-gram that is looked up, in tokens."
    )

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.prompt_lookup_min > self.prompt_lookup_max:
            raise ValueError(
                f"`prompt_lookup_min` is {self.prompt_lookup_min}, more than `prompt_lookup_max`, "
                f"which is {self.prompt_lookup_max}; lower it"
            )
        return self


class VllmEngineConfig(_EngineConfig):
    """vLLM's offline engine, on GPUs or a CPU."""

    kind: Literal["vllm"] = Field(description="vLLM, inside the job.")
    dtype: Literal["bfloat16", "float32"] = Field(
        "bfloat16", description="Data type of the weights."
    )
    batch: int | None = Field(
        256,
        gt=0,
        description="Maximum number of concurrent requests (`max_num_seqs`); null for vLLM's "
        "choice, which is 1,024 on an H100 and 256 on smaller GPUs and CPUs.",
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
    # Without them, the spec of a run is that of versions without them.
    prefix_caching: bool | None = Field(
        None,
        exclude_if=lambda value: value is None,
        description="Whether a prefix that several prompts share is computed once; null for vLLM's "
        "choice, which is true for most models. It costs no memory that requests need.",
    )
    speculative: NgramSpeculation | None = Field(
        None,
        exclude_if=lambda value: value is None,
        description="Speculative decoding by n-grams, for texts that repeat their prompt or "
        "themselves; null for none. It pays where a step has few requests: docs/benchmarks.md. On "
        "CPUs it works with the temperature 0 only.",
    )

    @model_validator(mode="after")
    def _proposals_fit_into_a_step(self) -> Self:
        if self.speculative is not None:
            batch = self.batch or _SMALLEST_BATCH
            tokens = batch * (1 + self.speculative.num_speculative_tokens)
            if tokens > _STEP_TOKENS:
                # Otherwise a request would lack proposals, and its text depend on its neighbours.
                raise ValueError(
                    f"`batch` times one more than `num_speculative_tokens` is {tokens:,} tokens in "
                    f"a step, more than {_STEP_TOKENS:,}; lower one of them"
                )
        return self

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
