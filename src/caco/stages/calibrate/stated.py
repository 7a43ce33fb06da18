"""A known answer that is a number, and the final statement of a planted row."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from caco.text.answers import closing
from caco.text.numbers import CARDINALS, about_percent, as_number, in_digits

_WORDS = {value: word for word, value in CARDINALS.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """A known answer that is a number.

    Attributes:
        question: The problem.
        steps: Its worked solution without the final statement.
        value: The answer.
    """

    question: str
    steps: str
    value: Decimal

    @property
    def text(self) -> str:
        """The answer in digits."""
        return in_digits(self.value)

    @property
    def whole(self) -> int | None:
        """The answer as an integer; None if it is none."""
        return int(self.value) if self.value == int(self.value) else None

    @property
    def count(self) -> int:
        """The answer as a positive integer; 0 if it is none."""
        return max(self.whole or 0, 0)

    @property
    def about_percent(self) -> bool:
        """Whether the question speaks of a percentage."""
        return about_percent(self.question)

    def mentions(self, pattern: str) -> bool:
        """Tells whether the question has a match of `pattern`, in upper or lower case."""
        return bool(re.search(pattern, self.question, re.IGNORECASE))


def known_number(question: str, steps: str, answer: str) -> Known | None:
    """Returns the known answer of a row, or None if it is no number."""
    value = as_number(answer)
    return None if value is None else Known(question, steps, value)


@dataclass(frozen=True, slots=True)
class Stated:
    """The final statement of a planted row.

    Attributes:
        answer: The answer that it states; empty if it states none.
        after: The text after the steps of the worked solution.
        before: The text before them.
        output: The output (JSON) that replaces the program's; None to keep it.
    """

    answer: str
    after: str
    before: str = ""
    output: str | None = None


Form = Callable[[Known, Random], str | None]
"""Returns an answer, or None where the kind does not apply to the known answer."""
Statement = Callable[[Known, Random], Stated | None]
"""Returns a final statement, or None where the kind does not apply to the known answer."""


def boxed(form: Form) -> Statement:
    """Returns the kind of final statement that has an answer in a box."""

    def stated(known: Known, rng: Random) -> Stated | None:
        answer = form(known, rng)
        return None if answer is None else Stated(answer, closing(answer))

    return stated


def in_words(number: int) -> str | None:
    """Returns an integer from 0 to 20 in words, or None for another one."""
    return _WORDS[number] if 0 <= number <= 20 else None


def scientific(value: Decimal) -> tuple[Decimal, int]:
    """Returns coefficient and exponent of a number other than 0; the coefficient is below 10."""
    exponent = value.adjusted()
    return value.scaleb(-exponent), exponent
