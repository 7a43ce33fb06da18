"""Sentences of a worked solution as tokens: numbers, operators, relations, words, punctuation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from caco.answers.units import unit
from caco.text.numbers import CARDINALS, SCALES, UNSIGNED, mentions

Kind = Literal["number", "operator", "relation", "word", "sign", "end"]

MAX_TOKENS = 300
"""Of a sentence that is read: the time of a text is bounded by its length times this number."""
UNKNOWN = "\0"
"""The text of a sign that is not understood."""
_MAX_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a sentence.

    Attributes:
        kind: `number` (also an expression in words, `the sum of 3 and 4`), `operator` (also the
            `of` of `20% of 50`), `relation`,
            `word` (in lower case), `sign` (brackets, punctuation and what is not known), or `end`
            (of a clause: a comma, colon, semicolon or dash between spaces).
        text: What it is: arithmetic of `caco.text.arithmetic` for a number.
        start, end: Its position in the plain text.
        spaced: Whether space precedes it.
        computed: Whether it is an expression in words.
        currency: Whether a currency sign precedes the number.
        spelled: Whether it is a number or an operator in words.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool = True
    computed: bool = False
    currency: bool = False
    spelled: bool = False

    @property
    def key(self) -> str:
        """How patterns of phrases see the token: `#` for a number."""
        return "#" if self.kind == "number" else self.text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence.

    Attributes:
        tokens: Its tokens, without the closing punctuation.
        asked: Whether it ends with a question mark.
    """

    tokens: list[Token]
    asked: bool


_RELATIONS = {
    "=": "=", "==": "=", "≈": "≈", "~=": "≈", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "=<": "≤",
    "≤": "≤", "≥": "≥", "!=": "≠", "≠": "≠",
}  # fmt: skip
_LEXER = re.compile(
    rf"""(?P<blank>[^\S\n]+)
    |(?P<line>\n)
    |(?P<ordinal>\d+(?:st|nd|rd|th)(?![a-z0-9]))
    |(?P<mixed>\d{{1,6}}[^\S\n]\d{{1,4}}/\d{{1,4}}(?![\d/.,]))
    |(?P<number>{UNSIGNED})
    |(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)
    |(?P<currency>[$€£¥₹])
    |(?P<arrow>[=-]{{1,3}}>|⇒|<-)
    |(?P<relation>==|!=|<=|>=|=<|~=|[=≈<>≤≥≠])
    |(?P<power>\*\*|\^)
    |(?P<operator>[-+*/%])
    |(?P<rest>.)""",
    re.VERBOSE | re.IGNORECASE,
)
_BULLET = re.compile(
    r"(?:^|(?<=\n))[^\S\n]{0,20}(?:[-•*>]|\#{1,6}|\d{1,3}[.)]|\([a-z\d]\)|[a-z][.)])[^\S\n]+",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    rf"\b(?:{'|'.join((*CARDINALS, *SCALES))}|half|halves|thirds?|quarters?|fourths?|fifths?"
    r"|sixths?|eighths?|tenths?)\b",
    re.IGNORECASE,
)
_FACTORIAL = re.compile(r"\s{0,2}[-=+*/<>≤≥≠^)(]")  # after `5!`
_PUNCTUATION = frozenset(".,;:$]")  # after an exclamation or a factorial
_MAX_SENTENCE = 3000  # characters whose number words are read
OPERATOR_WORDS = {"plus": "+", "minus": "-", "times": "*", "multiplied": "*", "divided": "/"}
_ENDS = frozenset(",;:")


def sentences(text: str) -> Iterator[Sentence]:
    """Yields the sentences of a text that `plain` has returned, the longest left out."""
    text = _BULLET.sub(lambda found: " " * len(found[0]), text)
    tokens: list[Token] = []
    for token, closes in _lexed(text):
        if token is not None:
            tokens.append(token)
        if closes and tokens:
            last = tokens[-1]
            if closes == "!" and last.kind == "number" and any(t.text == "!" for t in tokens):
                tokens.append(Token("sign", UNKNOWN, last.end, last.end + 1))  # `8! / 8 = 7!`
            yield from _sentence(tokens, text, closes)
            tokens = []
    if tokens:
        yield from _sentence(tokens, text, ".")


def _lexed(text: str) -> Iterator[tuple[Token | None, str]]:
    """Yields each token, or the punctuation that ends a sentence."""
    at, spaced, currency, length = 0, True, False, len(text)
    while at < length:
        match = _LEXER.match(text, at)
        assert match is not None and match.lastgroup is not None
        group, found, start, at = match.lastgroup, match[0], at, match.end()
        if group == "blank":
            spaced = True
            continue
        if group == "currency":
            currency = True
            continue
        following = text[at : at + 1]
        if group == "line":
            yield None, "."
        elif group == "rest" and found == "!" and not spaced and _FACTORIAL.match(text, at):
            yield Token("sign", found, start, at, spaced), ""
        elif group == "rest" and found == "!" and not spaced and following in _PUNCTUATION:
            yield Token("sign", UNKNOWN, start, at, spaced), ""
        elif group == "rest" and found in ".!?" and (not following or not following.isalnum()):
            yield None, found
        elif group == "number":
            if found.endswith(".") and not found[:-1].endswith("."):
                found, at = found[:-1], at - 1
            digits = found.replace(",", "")
            clock = digits[0] == "0" and digits[1:2].isdigit()  # 0730 hours
            known = len(digits) <= _MAX_DIGITS and not clock
            token = Token("number", digits, start, at, spaced, currency=currency)
            yield (token if known else replace(token, kind="sign", text=UNKNOWN)), ""
        else:
            yield _token(group, found, start, at, spaced), ""
        spaced = currency = False


def _token(group: str, found: str, start: int, end: int, spaced: bool) -> Token:
    kind: Kind = "sign"
    if group == "mixed":
        whole, _, part = found.replace("\t", " ").partition(" ")
        top, _, bottom = part.partition("/")
        if 0 < int(top) < int(bottom):
            return Token("number", f"({whole}+{part})", start, end, spaced)
        found = UNKNOWN
    elif group == "word":
        kind = "word"
        found = found if found == "A" else found.lower()  # a variable, not an article
    elif group == "ordinal":
        kind, found = "word", "ordinal"
    elif found == "!=" and not spaced:  # 3!=6
        found = UNKNOWN
    elif group == "relation":
        kind, found = "relation", _RELATIONS[found]
    elif group == "arrow":
        kind, found = "end", ";"
    elif group == "power":
        kind, found = "operator", "^"
    elif group == "operator":
        kind = "operator"
    elif found in _ENDS:
        kind = "end"
    elif found == "#":  # the key of numbers
        found = UNKNOWN
    elif found in "[{":
        found = "["
    elif found in "]}":
        found = "]"
    return Token(kind, found, start, end, spaced)


def _sentence(tokens: list[Token], text: str, closes: str) -> Iterator[Sentence]:
    if len(tokens) > MAX_TOKENS:
        return
    tokens = _signed(_areas(_punctuation(_negations(_spelled(tokens, text)))))
    yield Sentence(tokens, closes == "?")


def _spelled(tokens: list[Token], text: str) -> list[Token]:
    """Replaces the words of a number by one token: `twenty-five`, `three quarters`, `half`."""
    begin, end = tokens[0].start, tokens[-1].end
    if end - begin > _MAX_SENTENCE or not _SPELLED.search(text, begin, end):
        return tokens
    found = [
        (mention.start + begin, mention.end + begin, mention)
        for mention in mentions(text[begin:end])
        if not any(map(str.isdigit, text[mention.start + begin : mention.end + begin]))
        and text[mention.start + begin : mention.end + begin].lower() not in SCALES
    ]
    result: list[Token] = []
    spans = iter(found)
    span = next(spans, None)
    for at, token in enumerate(tokens):
        while span and token.start >= span[1]:
            span = next(spans, None)
        if span is None or token.start < span[0]:
            result.append(token)
        elif token.start == span[0] or not (result and result[-1].start == span[0]):
            value = Fraction(span[2].value).limit_denominator(1000)  # thirds are rounded there
            if token.text in ("one", "a") and token.end == span[1] and not _operand(tokens, at):
                result.append(token)  # a pronoun or an article
                continue
            words = f"({value})" if value.denominator > 1 or value < 0 else str(value)
            words += "%" if span[2].percent else ""
            result.append(Token("number", words, span[0], span[1], token.spaced, spelled=True))
    return result


def _operand(tokens: list[Token], at: int) -> bool:
    """Tells whether a word is next to an operator in words: `three minus one`."""
    around = [*tokens[max(0, at - 2) : at], *tokens[at + 1 : at + 2]]
    return any(token.text in OPERATOR_WORDS for token in around)


def _negations(tokens: list[Token]) -> list[Token]:
    """Splits `isn't` into `is` and `not`."""
    result: list[Token] = []
    for token in tokens:
        if token.kind == "word" and token.text.endswith("n't"):
            if token.text != "n't":
                result.append(replace(token, text=token.text[:-3]))
            result.append(replace(token, text="not"))
        else:
            result.append(token)
    return result


def _punctuation(tokens: list[Token]) -> list[Token]:
    """Marks a comma or colon between two digits without space as unknown: `1,2`, `10:30`.

    In brackets a comma separates the members of a list.
    """
    result: list[Token] = []
    depth = 0
    for at, token in enumerate(tokens):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        if token.kind == "end" and 0 < at < len(tokens) - 1:
            before, after = tokens[at - 1], tokens[at + 1]
            tight = not token.spaced and not after.spaced
            numbers = before.kind == after.kind == "number"
            if tight and numbers and not (token.text == "," and depth > 0):
                token = replace(token, kind="sign", text=UNKNOWN)
        if token.kind == "operator" and token.text == "-" and token.start >= 0:
            after_word = at > 0 and tokens[at - 1].kind == "word" and not token.spaced
            before_word = at + 1 < len(tokens) and tokens[at + 1].kind == "word"
            if before_word and not tokens[at + 1].spaced and (after_word or not token.spaced):
                continue  # a hyphen: `3-hour`, `twenty-odd`
        result.append(token)
    return result


def _areas(tokens: list[Token]) -> list[Token]:
    """Joins the unit of an area or a volume: `cm^2`; a single letter may be a variable."""
    result: list[Token] = []
    for token in tokens:
        word, sign = result[-2:] if len(result) > 1 else (None, None)
        raised = token.text in ("2", "3") and sign is not None and sign.text == "^"
        length = raised and word is not None and len(word.text) > 1 and unit(word.text) is not None
        if word is not None and length:
            result[-2:] = [replace(word, text=f"{word.text}^{token.text}", end=token.end)]
        else:
            result.append(token)
    return result


def _signed(tokens: list[Token]) -> list[Token]:
    """Joins a sign to the number after it where no operand precedes it: `is -3`."""
    result: list[Token] = []
    for token in tokens:
        sign = result[-1] if result else None
        if (
            token.kind == "number"
            and sign is not None
            and sign.kind == "operator"
            and sign.text == "-"
            and not token.spaced
            and (len(result) == 1 or not closes_operand(result[-2]))
            and (len(result) == 1 or sign.spaced or result[-2].kind in ("sign", "operator", "end"))
        ):
            result[-1] = replace(token, text=f"(-{token.text})", start=sign.start, spaced=True)
        elif token.kind == "word" and token.text == "percent":
            result.append(replace(token, kind="operator", text="%"))
        else:
            result.append(token)
    return result


def closes_operand(token: Token) -> bool:
    """Tells whether an operand ends with a token."""
    return token.kind == "number" or token.text in (")", "%")
