"""Whether `one` and `1` are quantities that change a result: `sells 1 more`, `38 hats ... one hat`.

Most are not: a rate `for 1 hour` changes nothing, and `one` is also a pronoun. Decision 0072 has
the figures.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from caco.stages.reverse.phrases import MEASURE, SHARED, WORD, clause, noun_after, stem
from caco.text.numbers import Mention

_AROUND = 60  # characters before and after a number in which its phrase is
_MORE = re.compile(
    r"[\s-]+(?:(?!(?:another|or)\b)[a-z]+\s+)?(?:more|additional|extra|further|less|fewer)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"\b(?:another|additional|extra|further)\s+\$?$", re.IGNORECASE)
_CHANGES = re.compile(
    r"\b(?:sells?|sold|eats?|ate|loses?|lost|gives?|gave|breaks?|broke|buys?|bought|gets?|got"
    r"|finds?|found|receives?|received|donates?|donated|throws?|threw|adds?|added|removes?|removed"
    r"|takes?|took|drops?|dropped|uses?|used|keeps?|kept|spends?|spent|lends?|lent|returns?"
    r"|returned)\s+(?:away\s+|out\s+)?$",
    re.IGNORECASE,
)
_NO_NOUN = re.compile(
    r"\s*(?:[.,;?!](?:\s|$)|$)|\s+(?:and|to|from|away|left|back|but|then|yesterday|today|more)\b",
    re.IGNORECASE,
)
_OF_THEM = re.compile(r"\s+of\s+(?:them|these|those)\b", re.IGNORECASE)
_PHRASE_ENDS = re.compile(r"\s*(?:[.,;?!](?:\s|$)|$)")
_TELLS = re.compile(
    r"\b(?:for|times?|both|rate|if|costs?|worth|weighs?|equals?|has|have|is|are|with|makes?|needs?"
    r"|contains?|holds?|during|(?:takes?|took)\b.+\bto)\b|[=$/]",
    re.IGNORECASE,
)  # words of a clause that tell what the one is for


class Ones:
    """The numbers 1 of a question."""

    def __init__(self, question: str, numbers: Sequence[Mention]) -> None:
        """Reads what the other numbers of a question count.

        Args:
            question: The problem's text.
            numbers: All of its numbers, in their order.
        """
        self._text = question
        self._starts = [number.start for number in numbers]
        self._nouns = {
            noun_after(question[number.end : number.end + _AROUND])
            for number in numbers
            if not (number.excused and number.value == 1)
        } - {""}

    def counts(self, number: Mention, end: int, *, asked: bool) -> bool:
        """Tells whether a 1 is a quantity that is added, taken away or compared.

        Args:
            number: The number.
            end: Where its sentence ends.
            asked: Whether it is in what the question asks for.
        """
        before = self._text[max(0, number.start - _AROUND) : number.start]
        after = self._text[number.end : number.end + _AROUND]
        if _MORE.match(after) or _ANOTHER.search(before):
            return True
        around = clause(self._text, number)
        if asked or SHARED.search(around):
            return False
        if _CHANGES.search(before) and (_NO_NOUN.match(after) or _OF_THEM.match(after)):
            return True
        if self._text[number.start : number.end] == "1" and _PHRASE_ENDS.match(after):
            return not before.endswith("$")
        words = {stem(word) for word in WORD.findall(after.lower())[:2]}
        if words.isdisjoint(self._nouns) or MEASURE.match(after) or _TELLS.search(around):
            return False
        following = bisect_right(self._starts, number.start)
        return following == len(self._starts) or self._starts[following] >= end
