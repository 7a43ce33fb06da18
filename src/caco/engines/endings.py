"""How a completion ends, the same for every engine: at a stop text, or when its time is over."""

import time
from collections.abc import Iterable


def before_stop(text: str, stops: Iterable[str]) -> str | None:
    """Returns the part of `text` before the first of `stops`, or None where it holds none."""
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else None


def deadline(seconds: float | None) -> float:
    """Returns when a request that begins now is over, on the monotonic clock; None is never."""
    return float("inf") if seconds is None else time.monotonic() + seconds
