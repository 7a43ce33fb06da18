"""False steps: one statement of a worked solution is changed, and the final answer stays right.

The planted statement is false by the arithmetic here, not by the check that it measures.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random

_EQUATION = re.compile(
    r"(?<![\d.,/*+\-^%)$])(?P<left>\d+)(?P<op>\s*[-+*/]\s*)(?P<right>\d+)(?P<equals>\s*=\s*)"
    r"(?P<result>\d+)(?![\d.,]*\d|\s*[-+*/^%=(])"
)
_OPERATIONS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv
}  # fmt: skip
_COMPARISON = re.compile(r"(?<![-+*/]\s)(?<![\d.,])\d+ (?P<sign>[<>]) \d+(?![\d.,]*\d|\s*[-+*/])")
_PARITY = re.compile(r"(?<![\d.,])\d+ is (?P<word>even|odd)\b")


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
    """Tells whether an equation is true, so that any other result or operand makes it false."""
    if match.re is not _EQUATION:
        return True
    left, right, result = (Fraction(match[name]) for name in ("left", "right", "result"))
    sign = match["op"].strip()
    if not right or not left:
        return False
    return bool(_OPERATIONS[sign](left, right) == result)
