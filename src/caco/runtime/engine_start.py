"""When the model of a job was ready; the job's record has the seconds until then as `start_s`."""

import time

_ready: list[float] = []  # `time.monotonic()`, one value for each model or replica of this process


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
