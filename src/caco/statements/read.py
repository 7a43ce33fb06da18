"""Statements about numbers in a worked solution: found and computed.

What is not understood is not judged: a variable, text inside an expression, units that may have to
be converted, a question, a condition, a step that the next sentence withdraws.
"""

import re
from itertools import zip_longest

from caco.statements.expressions import reduced, with_operators
from caco.statements.notation import plain
from caco.statements.properties import property_statements
from caco.statements.relations import relation_statements, with_relations
from caco.statements.statement import Statement
from caco.statements.tokens import Sentence, Token, sentences
from caco.text.calculator_marks import MARK, without_marks

_WRONG = frozenset({"wrong", "incorrect", "false", "untrue"})
_MISTAKES = frozenset(
    {"incorrectly", "mistake", "mistaken", "error", "contradiction", "impossible", "oops"}
)
_DOUBTS = frozenset({"hmm", "sorry"})
_OPENING = 6  # tokens of a sentence that may withdraw the one before it
# `that is wrong` and `a false statement` withdraw; `got 5 questions wrong`, `4 incorrect answers`,
# `the wrong size` and `wait for 3 hours` do not.
_SAYS = frozenset(
    {"is", "are", "was", "were", "be", "been", "that's", "it's", "this", "looks", "seems",
     "went", "gone", "something", "sounds", "therefore", "so"}
)  # fmt: skip
_ADVERBS = frozenset(
    {"not", "clearly", "obviously", "also", "just", "completely", "actually", "definitely", "still",
     "simply", "totally", "probably", "certainly", "quite"}
)  # fmt: skip
_CLAIMS = frozenset(
    {"statement", "result", "equation", "claim", "calculation", "computation", "step", "value",
     "assumption", "answer", "conclusion", "sum", "total", "way", "approach"}
)  # fmt: skip
# The tokenizer reads `isn't` as `is not`, and `can't` as `ca not`.
_NOT_RIGHT = re.compile(
    r"\b(?:not|cannot)(?: be)? (?:right|correct|true|possible|valid)\b"
    r"|\b(?:this|that|which|it) (?:does|did) not (?:work|match|hold|fit|make sense)\b"
    r"|\b(?:this|that|which|it) (?:cannot|(?:ca|could) not) be(?! \w)"
)
_BEFORE_WAIT = frozenset({"but", "oh", "no", "and", "so", "actually", "hmm", "ok", "okay", ","})
_AFTER_WAIT = frozenset({"that", "that's", "this", "no", "i", "it", "actually", "let", "the", "we"})


def statements(solution: str) -> list[Statement]:
    """Returns the statements of a worked solution, judged or not.

    The calculator marks of GSM8K are statements of their own.
    """
    marks = "\n".join(f"{m[1]} = {m[2]}" for m in MARK.finditer(solution))
    return [s for text in (without_marks(solution), marks) for s in _statements(plain(text))]


def _statements(text: str) -> list[Statement]:
    found: list[Statement] = []
    read = list(sentences(text))
    for sentence, following in zip_longest(read, read[1:]):
        found += _of_sentence(sentence, following, text)
    return found


def _of_sentence(sentence: Sentence, following: Sentence | None, text: str) -> list[Statement]:
    if not any(t.kind == "number" for t in sentence.tokens):
        return []
    tokens = with_relations(with_operators(reduced(sentence.tokens)))
    properties, used = property_statements(tokens, text)
    found = [*properties, *relation_statements(tokens, text, used)]
    if sentence.asked or _withdrawn(sentence, following):
        return [Statement(s.kind, s.text, None) for s in found]
    return found


def _withdrawn(sentence: Sentence, following: Sentence | None) -> bool:
    """Tells whether a sentence, or the beginning of the next one, says that something is wrong."""
    if _says_not(sentence.tokens):
        return True
    if following is None:
        return False
    first = following.tokens[:_OPENING]
    words = [token.text for token in first]
    return (
        words[:2] == ["no", ","]
        or not _DOUBTS.isdisjoint(words)
        or _says_not(first)
        or any(_says_wait(first, at) for at in range(len(first)))
    )


def _says_not(tokens: list[Token]) -> bool:
    """Tells whether words say that a statement does not hold."""
    return any(_says_wrong(tokens, at) for at in range(len(tokens))) or bool(
        _NOT_RIGHT.search(" ".join(token.text for token in tokens))
    )


def _says_wrong(tokens: list[Token], at: int) -> bool:
    """Tells whether a word says that a statement does not hold."""
    word = tokens[at].text
    if word in _MISTAKES:
        return True
    if word not in _WRONG:
        return False
    before = at - 1
    while before >= 0 and tokens[before].text in _ADVERBS:
        before -= 1
    if before < 0 or tokens[before].text in _SAYS:
        return True
    if tokens[before].text in ("a", "an", "the"):
        return at + 1 < len(tokens) and tokens[at + 1].text in _CLAIMS
    return tokens[before].kind not in ("word", "number") and tokens[before].text != "/"


def _says_wait(tokens: list[Token], at: int) -> bool:
    """Tells whether a word is the `wait` with which somebody stops: `Wait, that is ...`."""
    if tokens[at].text != "wait" or any(t.text not in _BEFORE_WAIT for t in tokens[:at]):
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or after.kind not in ("word", "number") or after.text in _AFTER_WAIT
