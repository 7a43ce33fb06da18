"""The canonical form of a question: two questions with the same form are the same question."""

import re
import unicodedata
from functools import lru_cache

from caco.identity import digest
from caco.text.numbers import PLAIN, without_thousands

# Numbers with an optional factorial sign, words, and single symbols. Punctuation of prose and LaTeX
# markup are left out. Operators, signs and brackets are tokens: "12 + 3" and "12 * 3" are different
# problems.
_TOKEN = re.compile(rf"(?:{PLAIN})!?|[^\W\d_]+|[^\w\s.,;:?!'\"`$\\]")
_SAME = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00d7": "*", "\u00b7": "*", "\u00f7": "/"}
    | dict.fromkeys("\u2018\u2019\u201c\u201d", "'")
)  # minus and dashes, multiplication signs, division sign; typographic quotes
_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+")  # NFKC makes 2\u00b2 22


@lru_cache(maxsize=4)  # a row is compared by several rules in turn
def normal_question(text: str) -> str:
    """Returns `text` in lower case, with one space between tokens, without punctuation of prose.

    Two texts with the same form are the same question. The converse does not hold: a paraphrase
    has another form.
    """
    powers = _RAISED.sub(lambda digits: f"^{digits[0]}", text)
    plain = unicodedata.normalize("NFKC", powers).translate(_SAME).casefold()
    return " ".join(_TOKEN.findall(without_thousands(plain)))


def question_key(text: str) -> bytes:
    """Returns a 16-byte digest of a question's normal form, which is small enough for memory."""
    return bytes.fromhex(digest(normal_question(text)))
