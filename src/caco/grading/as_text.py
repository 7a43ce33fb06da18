"""Answers as text: which are equal without mathematics, and which must be."""

import re

# Runs of letters outside LaTeX commands (words, names), quoted strings, clock times and dates.
# math-verify reads a word as a product of its letters ("abc" equals "bca"), 10:30 as 10/30 and
# 2024-01-05 as a subtraction, so for these only equal text is an equal answer.
_TEXT = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[\"']|\d:\d|\d-\d+-\d")


def normalised(answer: str) -> str:
    """Returns `answer` without surrounding and between-token whitespace.

    Spaces are kept only between two letters or digits, so `[1, 2]` and `[1,2]` are one text while
    `new york` and `newyork` are two.
    """
    squeezed = re.sub(r"\s+", " ", answer.strip())
    return re.sub(r"(?<!\w) | (?!\w)", "", squeezed)


def equal_as_text(gold: str, answer: str) -> bool:
    """Tells whether two answers are the same text; `true` and `True` are the same truth value."""
    a, b = normalised(gold), normalised(answer)
    return a == b or (a in ("true", "false") and a == b.lower())


def is_text(gold: str) -> bool:
    """Tells whether only the same text is the same answer as `gold`."""
    return _TEXT.search(gold) is not None
