"""vLLM's offline engine, to generate or to embed: its start and its end."""

import os
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from caco.config.engines import VllmEngineConfig as Settings
from caco.errors import ClusterError, UserError
from caco.runtime.engine_start import model_ready
from caco.runtime.gpus import require_usable_gpus

_GIB = 1 << 30

_ENVIRONMENT = {
    # Runs the engine in this process: it is killed with it, so no orphan holds a GPU, and vLLM
    # requires it for reproducible batches.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    # No usage statistics are sent.
    "VLLM_NO_USAGE_STATS": "1",
}

S = TypeVar("S")


class OnVllm(Generic[S]):
    """What runs a local checkpoint with vLLM; a context manager that ends vLLM on exit."""

    def __init__(self, folder: Path, section: S) -> None:
        """Starts nothing: vLLM is started with the first text.

        Args:
            folder: A transformers checkpoint with its tokenizer.
            section: The settings.
        """
        self._folder, self._section = folder, section
        self._engine: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._engine is not None:
            self._engine.engine_core.shutdown()
            self._engine = None


def start(folder: Path, section: Settings, pooling: str | None = None) -> Any:
    """Returns a new vLLM engine.

    Args:
        folder: A transformers checkpoint with its tokenizer.
        section: Precision, batch size, memory, GPUs.
        pooling: How a model that embeds pools its states, `mean` or `last`; None to generate.

    Raises:
        UserError: vLLM cannot run this checkpoint with these settings.
        ClusterError: vLLM is not installed, or cannot use the GPUs of the job.
    """
    os.environ.update(_ENVIRONMENT)
    try:
        from vllm import EngineArgs, LLMEngine
        from vllm.config import PoolerConfig
        from vllm.platforms import current_platform
        from vllm.usage.usage_lib import UsageContext
        from vllm.version import __version__
    except ImportError as e:
        raise ClusterError(
            f"vLLM cannot be imported ({e}); run this job in the environment `infer`, which "
            "`make envs` creates"
        ) from None
    on_cpu = current_platform.is_cpu()
    require_usable_gpus(not on_cpu, f"vLLM {__version__}")
    arguments = _arguments(folder, section, on_cpu)
    if pooling is not None:
        arguments |= {
            "runner": "pooling",
            "convert": "embed",
            "pooler_config": PoolerConfig(seq_pooling_type=pooling.upper()),
            "enable_chunked_prefill": False,  # the mean needs all states of a text at once
        }
    try:
        # The usage context of `LLM` prefills larger chunks than that of a server.
        engine = LLMEngine.from_engine_args(EngineArgs(**arguments), UsageContext.LLM_CLASS)
    except Exception as e:  # vLLM raises a plain Exception if a worker cannot start
        raise UserError(
            f"{folder}: vLLM cannot run this checkpoint with the settings in `engine` "
            f"({_first_message(e)}); if memory is insufficient, change `context`, `gpu_memory` "
            "or `cpu_cache_gib`; if a download is damaged, delete its manifest and run again"
        ) from None
    model_ready()
    return engine


def _arguments(folder: Path, section: Settings, on_cpu: bool) -> dict[str, Any]:
    """Returns the arguments with which vLLM is started."""
    return {
        "model": str(folder),
        "dtype": section.dtype,
        "max_num_seqs": section.batch,
        "max_model_len": section.context,
        "tensor_parallel_size": section.tensor_parallel,
        "gpu_memory_utilization": section.gpu_memory,
        "kv_cache_memory_bytes": section.cpu_cache_gib * _GIB if on_cpu else None,
        "enforce_eager": section.eager,
        "enable_prefix_caching": section.prefix_caching,
        "speculative_config": section.speculative
        and {"method": "ngram", **section.speculative.model_dump()},
        # With chunked prefill, vLLM samples a token after each chunk and resets the random
        # generator of the request; vLLM 0.32 can do so only on GPUs.
        "enable_chunked_prefill": False if on_cpu else None,
        "generation_config": "vllm",  # the defaults of vLLM, not of the checkpoint
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
    }


def _first_message(error: Exception) -> str:
    """Returns the first informative line of an error, skipping the line count of pydantic."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    informative = [line for line in lines if "validation error" not in line]
    return (informative or lines or [type(error).__name__])[0]
