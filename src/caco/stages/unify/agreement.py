"""Whether a program's output is the known answer."""

import json
import math
from typing import Any

# The paper's; its released grader also accepts answers off by a factor of 100, which we do not.
RELATIVE_TOLERANCE = 1e-4


def agrees(output: str, answer: str) -> bool:
    """Tells whether an output equals a known answer.

    Numbers agree within the relative tolerance (1e-4 of the answer; nothing but zero agrees with
    zero), strings exactly, structured values where they are equal as JSON.

    Args:
        output: The program's output, as JSON.
        answer: The known answer: a number or a text as it is written, or JSON.
    """
    found = _read(output)
    wanted = _read(answer)
    if isinstance(found, str):
        if found.strip() == answer.strip():
            return True
        found = _read(found)
    if _is_number(found) and _is_number(wanted):
        return _close(found, wanted)
    return type(found) is type(wanted) and bool(found == wanted)


def _read(text: str) -> Any:
    """Returns what a text says as JSON, or the text itself.

    NaN and infinities stay texts, and so do integers of more digits than Python reads (4,300):
    those agree where their digits do.
    """
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text.strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _close(found: int | float, wanted: int | float) -> bool:
    if isinstance(found, int) and isinstance(wanted, int):  # exact, however long
        return abs(found - wanted) * 10_000 <= abs(wanted)
    try:
        return math.isclose(found, wanted, rel_tol=0, abs_tol=RELATIVE_TOLERANCE * abs(wanted))
    except OverflowError:
        return False
