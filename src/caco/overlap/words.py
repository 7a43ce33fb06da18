"""A question as words: number words in digits, or every number masked; and its n-grams."""

import re
from collections.abc import Sequence
from functools import lru_cache

from caco.text.numbers import CARDINALS, is_number_word
from caco.text.questions import normal_question

MASK = "0"
_APOSTROPHE = re.compile("(?<=[A-Za-z])['\u2019](?=[A-Za-z])")  # Ann's is often spelt Anns
# Commands of LaTeX that a formula has in one spelling and not in another.
_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|text(?:bf|it|rm)?|math(?:bf|rm|it)|quad|qquad)\b"
    r"|\\(?:begin|end)\{\w+\*?\}"
)
_TENS = {word for word, value in CARDINALS.items() if value >= 20}
Gram = tuple[str, ...]


@lru_cache(maxsize=4)  # a row is compared by several rules in turn
def words(text: str) -> tuple[str, ...]:
    """Returns the tokens of a question's normal form; "two", "percent" and "per cent" are 2 and %.

    Number words above ninety-nine remain words.
    """
    found: list[str] = []
    plain = normal_question(_LAYOUT.sub(" ", _APOSTROPHE.sub("", text)))
    source = [word for word in plain.split() if word not in "{}&"]
    for i, word in enumerate(source):
        if word in CARDINALS:
            value = CARDINALS[word]
            hyphen = i > 1 and source[i - 1] == "-"
            if 0 < value < 10 and i and source[i - 1 - hyphen] in _TENS:  # twenty-five
                if hyphen:
                    found.pop()
                found[-1] = str(int(found[-1]) + value)
            else:
                found.append(str(value))
        elif word == "cent" and found and found[-1] == "per":
            found[-1] = "%"
        else:
            found.append("%" if word == "percent" else word)
    return tuple(found)


def masked(tokens: Sequence[str]) -> list[str]:
    """Returns the tokens with one `MASK` for each number, list of numbers or number word."""
    found: list[str] = []
    for token in tokens:
        if not is_number(token):
            found.append(token)
        elif not found or found[-1] != MASK:
            found.append(MASK)
    return found


def is_number(token: str) -> bool:
    """Tells whether a token is a number in digits, or a word such as "hundred"."""
    return token[0] in "0123456789." or is_number_word(token)


def grams(tokens: Sequence[str], n: int) -> frozenset[Gram]:
    """Returns the n-grams of `tokens`; none if there are fewer than `n` tokens."""
    return frozenset(zip(*(tokens[i:] for i in range(n)), strict=False))
