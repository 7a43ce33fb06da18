"""Absolute errors that a problem allows, as benchmarks write them: `1e-1`, `0.1,0.02`."""

import re
from fractions import Fraction

_NUMBER = re.compile(r"\+?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,2})?")


def absolute_errors(text: str | None) -> tuple[Fraction, ...]:
    """Returns the absolute errors of the known answers of a problem, none if all are exact.

    As in OlympiadBench, whose `error` has one number for all answers, or one for each with commas,
    of which an empty one is exact.

    Args:
        text: The errors; None or empty if the known answers are exact.

    Raises:
        ValueError: A part is not a number that is at least 0.
    """
    if text is None or not text.strip():
        return ()
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part and not _NUMBER.fullmatch(part):
            raise ValueError(f"{part[:40]!r} is not a number that is at least 0")
    return tuple(Fraction(part or "0") for part in parts)
