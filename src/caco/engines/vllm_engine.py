"""Generation with vLLM's offline engine, on GPUs or on a CPU."""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from caco.config.engines import VllmEngineConfig as Settings
from caco.engines.data_parallel import over_gpus
from caco.engines.protocol import Completion, Engine, Request, before_stop, deadline
from caco.errors import ClusterError, UserError
from caco.models.tokenizer import end_tokens, load_tokenizer
from caco.runtime.gpus import require_usable_gpus

_GIB = 1 << 30

_SURROUNDINGS = {
    # The engine in this process: killed with it, so no orphan keeps a GPU, and vLLM's own
    # condition for the same requests meeting in the same batches each time.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    # It would report its use to its makers.
    "VLLM_NO_USAGE_STATS": "1",
}


@dataclass(slots=True)
class _Running:
    """A request that the engine has taken, and the ids it has got so far."""

    request: Request
    until: float
    tokens: list[int] = field(default_factory=list)


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine over a checkpoint, on every GPU of the job; nothing is loaded yet."""
    return over_gpus(folder, section, VllmEngine)


class VllmEngine:
    """An engine over a local checkpoint; its loop is ours, so that rows come as they finish."""

    def __init__(self, folder: Path, section: Settings) -> None:
        """Loads nothing yet.

        Args:
            folder: An ordinary checkpoint with its tokenizer.
            section: Precision, rows side by side, memory, GPUs.
        """
        self._folder, self._section = folder, section
        self._engine: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._engine is not None:
            self._engine.engine_core.shutdown()
            self._engine = None

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, as they finish; see `caco.engines.protocol`."""
        queue, live = iter(requests), {}  # type: Iterator[Request], dict[str, _Running]
        try:
            while True:
                for request in islice(queue, self._section.batch - len(live)):
                    unfit = self._start(request, live)
                    if unfit is not None:
                        yield unfit
                if not live:
                    return
                yield from self._step(live)
                yield from self._out_of_time(live)
        finally:
            if live:  # whoever asked has had enough: the next call begins with an idle engine
                self._engine.abort_request(list(live))

    def _start(self, request: Request, live: dict[str, _Running]) -> Completion | None:
        """Hands a request to vLLM; returns its completion where its prompt fills the context."""
        self._load()
        ids = self._tokenizer(request.prompt, add_special_tokens=False)["input_ids"]
        limit = min(request.max_new_tokens, self._context - len(ids))
        if limit <= 0:
            return Completion(request.request_id, "", 0, "length")
        prompt = {"prompt_token_ids": ids}
        self._engine.add_request(request.request_id, prompt, self._sampling(request, limit))
        live[request.request_id] = _Running(request, deadline(self._section.request_s))
        return None

    def _step(self, live: dict[str, _Running]) -> Iterator[Completion]:
        """Lets every running request draw a token; yields those that this ended."""
        for output in self._engine.step():
            (written,) = output.outputs
            row = live[output.request_id]
            row.tokens += written.token_ids
            if output.finished:
                del live[output.request_id]
                yield self._completion(row, written.finish_reason)

    def _out_of_time(self, live: dict[str, _Running]) -> Iterator[Completion]:
        """Yields, with what they have, the requests whose time is over; the oldest are first."""
        now = time.monotonic()
        late = []
        for row in live.values():
            if row.until > now:
                break
            late.append(row)
        if late:
            self._engine.abort_request([row.request.request_id for row in late])
        for row in late:
            del live[row.request.request_id]
            yield self._completion(row, "time")

    def _completion(self, row: _Running, reason: str) -> Completion:
        """Returns what a request has got, its text made as every engine makes it.

        vLLM's own text leaves out special tokens wherever they stand, and a character whose bytes
        are cut off by the limit.
        """
        ended = reason == "stop" and row.tokens[-1] in self._ends
        ids = row.tokens[:-1] if ended else row.tokens
        text: str = self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        if reason == "stop" and not ended:
            cut = before_stop(text, row.request.stop)
            assert cut is not None  # vLLM has seen a stop text
            text = cut
        return Completion(row.request.request_id, text, len(row.tokens), reason)

    def _sampling(self, request: Request, limit: int) -> Any:
        """Returns vLLM's parameters of a request."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        # Ids as they come only where a time limit may end a request half-way: they cost time.
        timed = self._section.request_s is not None
        return SamplingParams(
            seed=request.seed,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            max_tokens=limit,
            stop=list(request.stop),
            stop_token_ids=self._ends,
            detokenize=bool(request.stop),  # for its search for stop texts alone
            skip_special_tokens=False,
            output_kind=RequestOutputKind.DELTA if timed else RequestOutputKind.FINAL_ONLY,
        )

    def _load(self) -> None:
        """Starts vLLM if it is not running yet; raises as `_started`."""
        if self._engine is not None:
            return
        self._tokenizer = load_tokenizer(self._folder)
        self._engine = self._started()
        config = self._engine.model_config
        self._context: int = config.max_model_len
        declared = config.try_get_generation_config().get("eos_token_id")
        self._ends = sorted(end_tokens(self._tokenizer, declared))

    def _started(self) -> Any:
        """Returns vLLM's engine.

        Raises:
            UserError: It cannot run this checkpoint with these settings.
            ClusterError: It is not installed, or there are GPUs that it cannot use.
        """
        os.environ.update(_SURROUNDINGS)
        try:
            from vllm import EngineArgs, LLMEngine
            from vllm.platforms import current_platform
            from vllm.usage.usage_lib import UsageContext
            from vllm.version import __version__
        except ImportError as e:
            raise ClusterError(
                f"vLLM cannot be imported ({e}); run this job in the environment `infer`, which "
                "`make envs` makes"
            ) from None
        on_cpu = current_platform.is_cpu()
        require_usable_gpus(not on_cpu, f"vLLM {__version__}")
        arguments = self._arguments(on_cpu)
        try:
            # As `LLM` does, which reads more of prompts at once than a server that must answer.
            return LLMEngine.from_engine_args(EngineArgs(**arguments), UsageContext.LLM_CLASS)
        except Exception as e:  # a worker that cannot start raises just that
            raise UserError(
                f"{self._folder}: vLLM cannot run this checkpoint with the settings in `engine` "
                f"({_said(e)}); a failed download is mended by deleting its manifest, a lack of "
                "memory by `context`, `gpu_memory` or `cpu_cache_gib`"
            ) from None

    def _arguments(self, on_cpu: bool) -> dict[str, Any]:
        """Returns what vLLM is started with."""
        section = self._section
        return {
            "model": str(self._folder),
            "dtype": section.dtype,
            "max_num_seqs": section.batch,
            "max_model_len": section.context,
            "tensor_parallel_size": section.tensor_parallel,
            "gpu_memory_utilization": section.gpu_memory,
            "kv_cache_memory_bytes": section.cpu_cache_gib * _GIB if on_cpu else None,
            "enforce_eager": section.eager,
            # A prompt in pieces draws a token after each, and takes it back from the seed's
            # generator: vLLM 0.32 can do that on GPUs alone.
            "enable_chunked_prefill": False if on_cpu else None,
            "generation_config": "vllm",  # its own defaults, not the checkpoint's
            "disable_log_stats": True,
            "use_tqdm_on_load": False,
        }


def _said(error: Exception) -> str:
    """Returns an error's first line that says something; pydantic's first only counts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "validation error" not in line]
    return (telling or lines or [type(error).__name__])[0]
