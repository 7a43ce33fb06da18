"""A statement of a worked solution, with what was computed."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Kind(StrEnum):
    """What a statement is about."""

    ARITHMETIC = "arithmetic"  # 3 + 4 = 7, the largest of 3 and 9 is 9
    COMPARISON = "comparison"  # 7 > 5
    PARITY = "parity"  # 35 is odd
    PRIME = "prime"  # 7 is prime
    DIVISIBILITY = "divisibility"  # 12 is divisible by 3
    REMAINDER = "remainder"  # 17 divided by 5 leaves a remainder of 2
    ORDER = "order"  # sorted: 1, 2, 3
    COUNT = "count"  # [1, 2, 3] has 3 elements


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement.

    Attributes:
        kind: What it is about.
        text: Its text, LaTeX as plain text.
        holds: Whether it is true; None if it is not judged.
        right: What is true instead, of a false statement: `3 + 4 is 7`.
    """

    kind: Kind
    text: str
    holds: bool | None
    right: str = ""


def number_text(found: Fraction) -> str:
    """Returns a number for people: an integer, a short decimal, or `about` a decimal."""
    if found.denominator == 1:
        return str(found.numerator)
    rest = found.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    short = rest == 1 and found.denominator <= 10**6
    return f"{float(found):.10g}" if short else f"about {float(found):.6g}"
