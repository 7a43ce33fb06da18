"""The start of an engine: code that was compiled before, and when the model of a job was ready.

The job's record has the seconds until then as `start_s`.
"""

import os
import time

from caco.identity import digest
from caco.runtime.cache import cache_folder
from caco.runtime.machine import cpu_model

_ready: list[float] = []  # `time.monotonic()`, one value for each model or replica of this process


def share_compiled_code() -> None:
    """Lets vLLM keep what it compiles in the cache folder, for all jobs and nodes of the checkout.

    vLLM 0.32 names these files by their model, settings, versions and GPU, and replaces them
    atomically: jobs may start side by side, and what cannot be loaded is compiled again. Names lack
    the processor, whose instructions compiled code may use, so each processor has its own folder.
    A folder of the user's choice, in `VLLM_CACHE_ROOT`, remains.
    """
    processor = digest(cpu_model() or "")[:8]
    folder = cache_folder().resolve() / "vllm" / processor
    os.environ.setdefault("VLLM_CACHE_ROOT", str(folder))


def model_ready(at: float | None = None) -> None:
    """Notes that a model can compute.

    Args:
        at: `time.monotonic()` of that time, the same in all processes of a machine; None for now.
    """
    _ready.append(time.monotonic() if at is None else at)


def last_ready(since: float = 0.0) -> float | None:
    """Returns when the last model was ready, as `model_ready` takes it.

    Args:
        since: Earlier times do not count.
    """
    return max((at for at in _ready if at >= since), default=None)
