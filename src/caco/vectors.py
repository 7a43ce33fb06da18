"""Vectors as bytes: numbers of two bytes (float16, little-endian), of length 1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STORED = np.dtype("<f2")


def stored(vector: Any) -> bytes | None:
    """Returns a vector, scaled to length 1, as bytes; None if it is zero or not finite.

    Args:
        vector: Numbers of any precision.
    """
    values = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(values))
    if not (np.isfinite(length) and length > 0):
        return None
    whole: bytes = (values / length).astype(_STORED).tobytes()
    return whole


def matrix(vectors: Sequence[bytes]) -> NDArray[np.float32]:
    """Returns vectors as the rows of a matrix, each of length 1 in single precision.

    Args:
        vectors: At least one; all of one model.
    """
    values = np.frombuffer(b"".join(vectors), dtype=_STORED).astype(np.float32)
    values = values.reshape(len(vectors), -1)
    lengths: NDArray[np.float32] = np.linalg.norm(values, axis=1, keepdims=True)
    return values / lengths
