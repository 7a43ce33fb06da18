"""Words that withdraw a statement: `3 + 4 = 8. Wait, that is wrong.`

The same words are also ordinary: `5 questions wrong`, `the wait time`.
"""

import re

from caco.statements.tokens import Sentence, Token

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


def withdrawn(sentence: Sentence, following: Sentence | None) -> bool:
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
