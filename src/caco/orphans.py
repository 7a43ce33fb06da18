"""Processes that end when the one that started them does, however that ends."""

import ctypes
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """Returns a function that asks the kernel to signal this process when its parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))

    return ask
