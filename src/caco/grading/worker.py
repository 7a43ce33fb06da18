"""The process that compares: math-verify with nothing around it, so that it can be killed."""

import ctypes
import logging
import resource
import signal
from multiprocessing.connection import Connection

# Address space of a worker. SymPy on a hostile answer (a tower of powers) takes all there is.
_MEMORY_BYTES = 4 << 30
_PR_SET_PDEATHSIG = 1


def serve(pipe: Connection) -> None:
    """Answers (gold, text, whole) with `correct`, `wrong` or `no_answer` until the pipe closes."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # also while SymPy hangs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    import math_verify  # noqa: F401  (before the first comparison's clock starts)

    pipe.send("ready")
    while True:
        try:
            gold, text, whole = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(compare(gold, text, whole))
        except (MemoryError, RecursionError):
            pipe.send("wrong")


def compare(gold: str, text: str, whole: bool) -> str:
    """Compares by mathematics.

    math-verify's own limits are switched off: they are SIGALRM, and some inputs hang past them.

    Args:
        gold: The known answer, without dollar signs.
        text: An answer, or a whole text to extract one from.
        whole: Which of the two `text` is.

    Returns:
        `correct`, `wrong`, or `no_answer` where nothing could be read as an answer.
    """
    from math_verify import parse, verify

    known = parse(f"${gold}$", parsing_timeout=None)
    read = parse(text if whole else f"${text}$", parsing_timeout=None)
    if not read:
        return "no_answer"
    # The order matters: verify(gold, target) forgives a target what it does not forgive a gold.
    return "correct" if verify(known, read, timeout_seconds=None) else "wrong"
