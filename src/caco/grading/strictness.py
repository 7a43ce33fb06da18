"""Strictness beyond math-verify: answers that are text, and answers that it is too lenient on."""

import re
from decimal import Decimal

# Runs of letters outside LaTeX commands (words, names), quoted strings, clock times and dates.
# math-verify reads a word as a product of its letters ("abc" equals "bca"), 10:30 as 10/30 and
# 2024-01-05 as a subtraction, so for these only equal text is an equal answer.
_TEXT = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[\"']|\d:\d|\d-\d+-\d")

# As Python prints a float: math-verify reads 2.5e-05 as 2.5 times Euler's number, less 5.
_EXPONENT = re.compile(r"(?<![\w.\\])\d+(?:\.\d*)?[eE][-+]?\d{1,3}(?![\w.])")

_WRAPPED = re.compile(r"\\(?:text|mathrm|textbf|mathbf|texttt)\s*\{([^{}]*)\}")


def unmarked(answer: str) -> str:
    """Returns `answer` without Markdown's bold around it."""
    return answer.strip().removeprefix("**").removesuffix("**")


def written_out(answer: str) -> str:
    """Returns `answer` with its numbers in digits alone: `1e-05` as `0.00001`."""
    return _EXPONENT.sub(lambda number: format(Decimal(number[0]), "f"), answer)


def normalised(answer: str) -> str:
    """Returns `answer` without surrounding and between-token whitespace.

    Spaces are kept only between two letters or digits, so `[1, 2]` and `[1,2]` are one text while
    `new york` and `newyork` are two.
    """
    squeezed = re.sub(r"\s+", " ", answer.strip())
    return re.sub(r"(?<!\w) | (?!\w)", "", squeezed)


def equal_as_text(gold: str, answer: str) -> bool:
    """Tells whether two answers are the same text, which LaTeX may wrap as such.

    `true` and `True` are the same truth value.
    """
    wrapped = _WRAPPED.fullmatch(answer.strip())
    a, b = normalised(gold), normalised(wrapped[1] if wrapped else answer)
    return a == b or (a in ("true", "false") and a == b.lower())


def is_text(gold: str) -> bool:
    """Tells whether only the same text is the same answer as `gold`."""
    return _TEXT.search(gold) is not None


_INEQUALITY = re.compile(r"[<>≤≥]|\\(?:leq?|geq?|lt|gt|leqslant|geqslant)(?![A-Za-z])")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_COMMAND = re.compile(r"\\[A-Za-z]+")
# Of the known answer: math-verify rounds to six decimals, which to 0.0000001 is everything.
_TOLERANCE = Decimal("1e-5")


def too_lenient(gold: str, answer: str) -> str | None:
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
