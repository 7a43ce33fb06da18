"""Phrases of a sentence: patterns over its tokens, in which `#` is a number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from caco.statements.tokens import Token
from caco.text.arithmetic import parse, value

Values = list[Fraction]

# The last number of a list is not the first of the next statement: `by 3 and 7 is prime`.
_ENDED = r"(?! (?:is|are|was|has|have|does|do|can|divides|leaves|gives|[-+*/^%=<>≤≥≠≈(]))"
JOINED = rf"#(?: , #)*(?: ,)? (?:and|&) #{_ENDED}"
"""Two numbers or more, the last after `and`: `3, 9 and 4`."""
LIST = rf"(?:{JOINED}|#{_ENDED})"
"""One number or more."""
SEVERAL = rf"(?:\[ #(?: , #)+ \]|\( #(?: , #)+ \)|{JOINED}|#(?: , #)+{_ENDED})"
"""At least two numbers, with or without brackets."""
ELEMENTS = r"(?:elements|numbers|items|values|terms|entries|members)"


def phrase(pattern: str) -> re.Pattern[str]:
    """Returns the pattern of a phrase, which begins and ends with a token."""
    return re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a sentence.

    Attributes:
        match: The match in the text of keys.
        first, last: The positions of its first token and after its last one.
        numbers: The values of its numbers.
    """

    match: re.Match[str]
    first: int
    last: int
    numbers: Values

    def group(self, name: str) -> str:
        """Returns the text of a named group; empty if the pattern or the match has none."""
        return self.match.groupdict().get(name) or ""


class Keys:
    """The tokens of a sentence as one text, for patterns."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at: dict[int, int] = {}
        length = 0
        for position, token in enumerate(tokens):
            self._at[length] = position
            length += len(token.key) + 1
        self._at[length] = len(tokens)
        self.text = " ".join(token.key for token in tokens)

    def find(self, pattern: re.Pattern[str]) -> Iterator[Found]:
        """Yields the matches of a pattern whose numbers can be computed."""
        for match in pattern.finditer(self.text):
            first, last = self._at[match.start()], self._at[match.end() + 1]
            values = number_values(self._tokens[first:last])
            if values is not None:
                yield Found(match, first, last, values)

    def position(self, offset: int) -> int:
        """Returns the position of the token that begins at an offset of the text."""
        return self._at[offset]


def number_values(tokens: list[Token]) -> Values | None:
    """Returns the values of the numbers among tokens, or None if one cannot be computed."""
    try:
        return [value(parse(token.text)) for token in tokens if token.kind == "number"]
    except ValueError:
        return None


def integers(values: Values) -> list[int] | None:
    """Returns values as integers, or None if one is none."""
    return [int(v) for v in values] if all(v.denominator == 1 for v in values) else None
