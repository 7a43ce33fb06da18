"""The grader's worker process: math-verify alone, so that it can be killed at any time."""

import logging
import resource
import signal
from multiprocessing.connection import Connection

from caco.runtime.process import die_with_parent

# Address space of a worker: on some answers (a tower of powers) SymPy allocates without bound.
_MEMORY_BYTES = 4 << 30


def serve(pipe: Connection) -> None:
    """Replies to each (gold, text, extract) with a verdict of `compare` until the pipe closes.

    Sends `ready` first. A comparison that exceeds the memory or recursion limit is `wrong`.
    """
    die_with_parent(signal.SIGKILL)()  # works also while SymPy hangs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    import math_verify  # noqa: F401  (outside the first comparison's time limit)

    pipe.send("ready")
    while True:
        try:
            gold, text, extract = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(compare(gold, text, extract))
        except (MemoryError, RecursionError):
            pipe.send("wrong")


def compare(gold: str, text: str, extract: bool) -> str:
    """Compares two answers with math-verify.

    math-verify's own time limits are off: they use SIGALRM, and some inputs run on past it.

    Args:
        gold: The known answer, without dollar signs.
        text: An answer, or a text to extract one from.
        extract: Whether `text` is a text to extract an answer from.

    Returns:
        `correct`, `wrong`, or `no_answer` where no answer could be parsed.
    """
    from math_verify import parse, verify

    expected = parse(f"${gold}$", parsing_timeout=None)
    parsed = parse(text if extract else f"${text}$", parsing_timeout=None)
    if not parsed:
        return "no_answer"
    # The order matters: verify(gold, target) accepts variations of the target, not of the gold.
    return "correct" if verify(expected, parsed, timeout_seconds=None) else "wrong"
