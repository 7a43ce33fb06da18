"""When two questions are the same question: equality of a normal form of their text."""

import re
import unicodedata

# Numbers with their decimal point and factorial, words, and every other sign for itself. What is
# left out is punctuation of prose and LaTeX's marks. Operators, signs and brackets stay: without
# them "12 + 3" and "12 * 3", which are different problems, would be one.
_TOKEN = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)!?|[^\W\d_]+|[^\w\s.,;:?!'\"`$\\]")
_SAME = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00d7": "*", "\u00b7": "*", "\u00f7": "/"}
    | dict.fromkeys("\u2018\u2019\u201c\u201d", "'")
)  # minus and dashes, multiplication signs, division sign; typographic quotes
_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+")  # NFKC makes 2\u00b2 22
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def normal_question(text: str) -> str:
    """Returns `text` in lower case, its tokens one space apart, without punctuation of prose.

    Two texts with the same normal form are the same question. The reverse does not hold: a
    paraphrase has another form.
    """
    powers = _RAISED.sub(lambda digits: f"^{digits[0]}", text)
    plain = unicodedata.normalize("NFKC", powers).translate(_SAME).casefold()
    return " ".join(_TOKEN.findall(_THOUSANDS.sub("", plain)))
