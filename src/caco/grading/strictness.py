"""Comparisons stricter than math-verify's: text answers, bounds and rounded numbers."""

import re
from fractions import Fraction

from caco.text.numbers import exact, numerals

# Runs of letters outside LaTeX commands (words, names), quoted strings, clock times and dates.
# math-verify reads a word as a product of its letters ("abc" equals "bca"), 10:30 as 10/30 and
# 2024-01-05 as a subtraction. Such an answer is equal to the same text only.
_TEXT = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[\"']|\d:\d|\d-\d+-\d")

_WRAPPED = re.compile(r"\\(?:text|mathrm|textbf|mathbf|texttt)\s*\{([^{}]*)\}")


def unmarked(answer: str) -> str:
    """Returns `answer` without the asterisks of bold Markdown text."""
    return answer.strip().removeprefix("**").removesuffix("**")


def normalised(answer: str) -> str:
    """Returns `answer` without whitespace around it and between its tokens.

    Spaces between two letters or digits are retained: `[1, 2]` and `[1,2]` are the same text,
    `new york` and `newyork` are different texts.
    """
    squeezed = re.sub(r"\s+", " ", answer.strip())
    return re.sub(r"(?<!\w) | (?!\w)", "", squeezed)


def equal_as_text(gold: str, answer: str) -> bool:
    r"""Tells whether two answers are the same text, bare or in `\text{...}`.

    `true` and `True` are the same truth value.
    """
    wrapped = _WRAPPED.fullmatch(answer.strip())
    a, b = normalised(gold), normalised(wrapped[1] if wrapped else answer)
    return a == b or (a in ("true", "false") and a == b.lower())


def is_text(gold: str) -> bool:
    """Tells whether an answer must be the same text as `gold`."""
    return _TEXT.search(gold) is not None


_INEQUALITY = re.compile(r"[<>≤≥]|\\(?:leq?|geq?|lt|gt|leqslant|geqslant)(?![A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]+")
# Relative to the known answer. math-verify rounds to six decimals, so that 0.0000001 equals 0.
_TOLERANCE = Fraction(1, 10**5)


def too_lenient(gold: str, answer: str) -> str | None:
    """Returns why an answer is wrong although math-verify finds it equal, or None.

    Args:
        gold: The known answer.
        answer: An answer that is equal to it according to math-verify.
    """
    if _INEQUALITY.search(answer) and not _INEQUALITY.search(gold):
        return "it is a bound, not a value"
    if len(gold) == 1 and gold.isalpha() and gold not in _COMMAND.sub("", answer):
        return "it is another letter, or the same in another case"
    if gold.startswith("[") and len(numerals(answer)) < len(numerals(gold)):
        return "it has fewer members"
    try:
        known, found = exact(gold), exact(answer)
    except ValueError:
        return None
    return "it is equal only when rounded" if abs(found - known) > _TOLERANCE * abs(known) else None
