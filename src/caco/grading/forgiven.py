"""What math-verify forgives an answer, and this grader does not."""

import re
from decimal import Decimal

_INEQUALITY = re.compile(r"[<>≤≥]|\\(?:leq?|geq?|lt|gt|leqslant|geqslant)(?![A-Za-z])")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_COMMAND = re.compile(r"\\[A-Za-z]+")
# Of the known answer: math-verify rounds to six decimals, which to 0.0000001 is everything.
_TOLERANCE = Decimal("1e-5")


def forgiven(gold: str, answer: str) -> str | None:
    """Returns what makes an answer a wrong one although math-verify calls it equal, or None.

    Args:
        gold: The known answer.
        answer: An answer that math-verify calls equal to it.
    """
    if _INEQUALITY.search(answer) and not _INEQUALITY.search(gold):
        return "it is a bound, not a value"
    if len(gold) == 1 and gold.isalpha() and gold not in _COMMAND.sub("", answer):
        return "it is another letter, or the same in another case"
    if gold.startswith("[") and len(_NUMBER.findall(answer)) < len(_NUMBER.findall(gold)):
        return "it has fewer members"
    if _PLAIN.fullmatch(gold) and _PLAIN.fullmatch(answer):
        known, found = Decimal(gold), Decimal(answer)
        if abs(found - known) > _TOLERANCE * abs(known):
            return "it is equal only when rounded"
    return None
