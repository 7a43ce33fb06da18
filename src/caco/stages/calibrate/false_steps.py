"""False steps: one statement of a worked solution is changed, and the final answer stays right.

The planted statement is false by the arithmetic here, not by the check that it measures.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any

_NUMBER = r"\d{1,15}"  # Python converts no text of more than 4,300 digits to an integer
_EQUATION = re.compile(
    rf"(?<![\d.,/*+\-^%)$])(?P<left>{_NUMBER})\s*(?P<sign>[-+*/])\s*(?P<right>{_NUMBER})\s*=\s*"
    rf"(?P<result>{_NUMBER})(?![\d.,]*\d|\s*[-+*/^%=(])"
)
_OPERATORS: Mapping[str, Callable[[Fraction, Fraction], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_COMPARISON = re.compile(
    rf"(?<![-+*/]\s)(?<![\d.,])(?P<left>{_NUMBER}) (?P<sign>[<>]) (?P<right>{_NUMBER})"
    r"(?![\d.,]*\d|\s*[-+*/])"
)
_PARITY = re.compile(rf"(?<![\d.,])(?P<number>{_NUMBER}) is (?P<word>even|odd)\b")


def _result(match: re.Match[str], rng: Random) -> tuple[str, str]:
    """Changes the result of an equation."""
    return "result", str(int(match["result"]) + rng.randint(1, 9))


def _operand(match: re.Match[str], rng: Random) -> tuple[str, str]:
    """Changes the first operand of an equation."""
    return "left", str(int(match["left"]) + rng.randint(1, 9))


def _turned(match: re.Match[str], rng: Random) -> tuple[str, str]:
    """Turns a comparison around."""
    return "sign", "<" if match["sign"] == ">" else ">"


def _other_parity(match: re.Match[str], rng: Random) -> tuple[str, str]:
    """States the other parity."""
    return "word", "odd" if match["word"] == "even" else "even"


Change = Callable[[re.Match[str], Random], tuple[str, str]]
FALSE_STEPS: Mapping[str, tuple[re.Pattern[str], Change]] = {
    "step_result": (_EQUATION, _result),
    "step_operand": (_EQUATION, _operand),
    "step_comparison": (_COMPARISON, _turned),
    "step_parity": (_PARITY, _other_parity),
}
"""By kind: the statements that it changes, and the group of the pattern with its new text."""


def false_steps(steps: str, rng: Random) -> Iterator[tuple[str, str]]:
    """Yields, for each kind that applies, its name and the steps with one false statement."""
    for kind, (pattern, change) in FALSE_STEPS.items():
        found = [match for match in pattern.finditer(steps) if _holds(match)]
        if found:
            match = rng.choice(found)
            group, text = change(match, rng)
            yield kind, f"{steps[: match.start(group)]}{text}{steps[match.end(group) :]}"


def _holds(match: re.Match[str]) -> bool:
    """Tells whether a statement is true, so that its change makes it false."""
    found = match.groupdict()
    if "word" in found:
        return (int(found["number"]) % 2 == 0) == (found["word"] == "even")
    left, right = Fraction(found["left"]), Fraction(found["right"])
    if "result" not in found:
        return bool(_OPERATORS[found["sign"]](left, right))
    if not left or not right:  # `3 * 0 = 0` is true whatever the first operand
        return False
    return bool(_OPERATORS[found["sign"]](left, right) == int(found["result"]))
