"""The two sides of a relation: the expression that ends before it, and the one that follows it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

from caco.answers.units import Dimension, unit
from caco.statements.tokens import Token, closes_operand
from caco.text.arithmetic import parse, value
from caco.text.numbers import SCALES

_MAX_UNIT_WORDS = 8  # `loaves of bread a day`
_SHORT_WORDS = frozenset(
    {
        "of", "in", "to", "at", "by", "on", "an", "or", "up", "so", "is", "he", "we", "no", "tv",
        "as", "if", "it", "me", "my", "be", "do", "go", "us", "pm", "am",
    }
)  # fmt: skip
_MAX_PART = 20  # largest denominator of a part in words: `3/8 is equal to $375`
_PER = frozenset({"/", "per", "a", "an", "each", "every"})
_ARTICLES = frozenset({"the", "a", "an", "total", "result", "value", "number"})
# Words that are no part of a unit: a clause begins.
_NO_UNIT = frozenset(
    {
        "is", "are", "was", "were", "be", "has", "have", "had", "so", "then", "which", "and",
        "or", "but", "if", "because", "since", "he", "she", "they", "it", "we", "you", "i",
        "that", "would", "will", "can", "makes", "gives", "get", "gets", "equals", "than", "to",
        "not", "when", "while", "where", "do", "does", "did", "triangle", "triangles", "away",
    }
)  # fmt: skip
# What stands before an expression and makes it a part of a larger one, or a label of it.
_CONTINUED = frozenset(
    {
        "than", "twice", "double", "thrice", "triple", "half", "third", "quarter", "sqrt",
        "root", "log", "ln", "sin", "cos", "tan", "factorial", "average", "mean", "remainder",
        "square", "cube", "step", "case", "question", "problem", "page", "chapter", "figure",
        "equation", "no", "part", "item", "row", "line", "option", "stage", "phase", "minus",
        "plus", "times", "modulo", "mod",
    }
)  # fmt: skip
_PART_OF = frozenset(
    {
        "root", "cube", "square", "remainder", "factorial", "half", "third",
        "quarter", "percent", "percentage", "digit", "digits",
    }
)  # fmt: skip
_AROUND = frozenset({"(", "[", '"', "'", "`", "|", "“", "”"})
"""Signs before a new expression."""
_ENDS = frozenset({'"', "'", "`", "|", "”", "?"})
"""Signs that an expression ends at."""
SAFE = frozenset(
    {
        "so", "since", "because", "as", "and", "but", "thus", "hence", "therefore", "then",
        "that", "now", "also", "again", "next", "finally", "first", "here", "we", "have", "get",
        "is", "are", "number", "numbers", "value", "integer", "sum", "product", "total",
        "result", "answer", "difference", "quotient", "where", "both", "or", "which", "know",
        "see", "note", "means",
    }
)  # fmt: skip
"""Words before a number that it does not belong to."""
# Words after the right side that continue it.
_CONTINUES = frozenset({"more", "less", "fewer", "greater", "larger", "smaller"})


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation.

    Attributes:
        first, last: Positions of its first token and after its last one.
        pieces: Its expression; a scale word is a piece of its own, and fractions without spaces are
            in braces.
        operations: The number of binary operations.
        units: Its units, as dimensions and factors, without those that cancel: hours and minutes of
            `2 hours * 60 minutes/hour` are minutes.
        words: All words after its numbers.
        clean: Whether nothing before it could belong to it.
        decimals: The decimals of a single number; None for an expression.
        vague: Whether its reading is uncertain: `1/4` may be a part of something that is not named,
            `10% of 40 + 2` a part of 40 or of 42, `days 1-2` a range.
    """

    first: int
    last: int
    pieces: tuple[str, ...]
    operations: int
    units: frozenset[tuple[Dimension, Fraction]]
    words: frozenset[str]
    clean: bool
    decimals: int | None
    vague: bool

    @property
    def has_percent(self) -> bool:
        """Whether it has a percentage."""
        return "%" in "".join(self.pieces)

    def leading(self) -> Fraction | None:
        """Returns the number that it begins with."""
        try:
            return value(parse(next(piece for piece in self.pieces if piece != "{")))
        except ValueError:
            return None


def left_side(tokens: list[Token], relation: int) -> Side | None:
    """Returns the longest expression that ends before a relation; None if it is not understood."""
    at, taken, depth = relation, list[Token](), 0
    words: list[Token] = []
    while at > 0:
        token = tokens[at - 1]
        if token.kind in ("relation", "end"):
            break
        if token.kind == "number" or token.text in ("(", ")", "%", "[", "]"):
            opened = token.text in ("(", "[")
            if opened and depth == 0:
                break
            if not opened and taken and not _joins(token, taken[-1]):
                break
            depth += {"(": -1, "[": -1, ")": 1, "]": 1}.get(token.text, 0)
        elif token.kind == "operator":
            if not taken or taken[-1].text == "+":
                return None  # no operand follows
        elif token.kind == "word":
            if taken and _starts_operand(taken[-1]):
                if "^" in token.text:
                    return None  # `6 ft^2 (144 in^2 / 1 ft^2)`
                break
            length = _unit_before(tokens, at)
            if taken and taken[-1].text == "^":
                return None  # cm^3
            if not length:
                if taken:
                    return None  # `x + 3`
                break
            words.extend(tokens[at - length : at])
            at -= length
            continue
        else:
            break
        taken.append(token)
        at -= 1
    if depth or not taken:
        return None
    return _side(tokens, at, relation, taken[::-1], words)


def right_side(tokens: list[Token], start: int) -> Side | None:
    """Returns the longest expression that follows a relation; None if it is not understood."""
    at, taken, depth = start, list[Token](), 0
    words: list[Token] = []
    while at < len(tokens):
        token = tokens[at]
        complete = bool(taken) and closes_operand(taken[-1])
        if token.kind in ("relation", "end") or (token.text in (")", "]") and depth == 0):
            break
        if token.kind == "number" or token.text in ("(", "["):
            if complete and not _joins(taken[-1], token):
                if words and depth == 0:  # `7 in the 2 boxes`
                    break
                return None
        elif token.text in (")", "]", "%"):
            if not complete:
                return None
        elif token.kind == "operator" and not (
            token.text == "/" and complete and _is_unit_word(tokens, at + 1)
        ):
            if token.text == "^" and tokens[at - 1].kind == "word":
                return None  # cm^3
            if not _operand_follows(tokens, at, complete):
                word = tokens[at + 1].text if at + 1 < len(tokens) else ""
                if complete and token.text == "-" and depth == 0 and len(word) > 1:
                    break  # a dash
                return None
        elif token.kind in ("word", "operator"):
            if not complete or _is_variable(tokens[at - 1], token):
                return None
            length = _unit_after(tokens, at)
            if not length:
                if token.text in _CONTINUES and "than" in [t.text for t in tokens[at : at + 4]]:
                    return None
                following = tokens[at + 1] if at + 1 < len(tokens) else token
                if token.text in ("or", "to") and following.kind == "number":
                    return None
                break
            words.extend(tokens[at : at + length])
            at += length
            continue
        else:
            if token.text in _ENDS:
                break
            return None
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        taken.append(token)
        at += 1
    if depth or not taken or not closes_operand(taken[-1]):
        return None
    after = [t.text for t in tokens[at : at + 6]]
    if after and after[0] in ("remainder", "r", "mod", "away"):
        return None
    if "than" in after and _CONTINUES & set(after[: after.index("than")]):
        return None
    return _side(tokens, start, at, taken, words)


def readings(sides: tuple[Side, Side]) -> Iterator[tuple[Fraction, Fraction]]:
    """Yields the values of both sides in every reading.

    20% is 20/100, or 20 where percentages are counted, or a part of what precedes it: 50 + 20%.
    `2 dozen` is 24, or 2 where dozens are counted. `6 / 1/3` is 18, or 2.
    """
    texts = [list(side.pieces) for side in sides]
    percent = any(side.has_percent for side in sides)
    scaled = any(piece in SCALES for text in texts for piece in text)
    quotients = any(text.count("/") > 1 for text in texts)
    for per_cent, scale, grouped in product(
        _PERCENTS if percent else (_hundredths,),
        (True, False) if scaled else (True,),
        _GROUPS if quotients else (_ungrouped,),
    ):
        found: list[Fraction] = []
        for text in texts:
            pieces = [(f"*{SCALES[p]}" if scale else "") if p in SCALES else p for p in text]
            try:
                found.append(value(parse(per_cent(grouped("".join(pieces))))))
            except ValueError:
                break
        else:
            yield found[0], found[1]


_BRACES = str.maketrans("", "", "{}")


def _ungrouped(text: str) -> str:
    return text.translate(_BRACES)


def _fractions(text: str) -> str:
    """Reads `1/3` without spaces as one number."""
    return text.replace("{", "(").replace("}", ")")


def _quotients(text: str) -> str:
    """Reads `14 / 1 / 4` as 14 / (1 / 4)."""
    return _QUOTIENTS.sub(r"/(\1/\2)", _ungrouped(text))


_GROUPS = (_ungrouped, _fractions, _quotients)
_QUOTIENTS = re.compile(r"/(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)")
_RELATIVE = re.compile(r"^(.+)([-+])(\d+(?:\.\d+)?)%$")


def _hundredths(text: str) -> str:
    return text


def _counted(text: str) -> str:
    return text.replace("%", "")


def _relative(text: str) -> str:
    return _RELATIVE.sub(r"(\1)*(1\2\3/100)", text)


_PERCENTS = (_hundredths, _counted, _relative)


def _joins(before: Token, after: Token) -> bool:
    """Tells whether two operands or brackets may follow each other: `2(3)`, `(2)(3)`, `20%`."""
    if after.text in (")", "]", "%") or before.text in ("(", "["):
        return True
    if before.kind == "operator" or after.kind == "operator":
        return before.text != "%" or after.kind == "operator"
    return after.text in ("(", "[") and not after.spaced


def _starts_operand(token: Token) -> bool:
    return token.kind == "number" or token.text in ("(", "[")


def _unit_before(tokens: list[Token], end: int) -> int:
    """Returns the number of tokens before `end` that are a unit after an operand; 0 for none."""
    at = end
    while at > 0 and end - at <= _MAX_UNIT_WORDS:
        token = tokens[at - 1]
        slash = token.text == "/" and _is_unit_word(tokens, at)
        if (token.kind == "word" and _in_a_unit(token)) or (slash and at < end):
            at -= 1
        else:
            break
    if at == 0 or at == end or not closes_operand(tokens[at - 1]):
        return 0
    return 0 if _is_variable(tokens[at - 1], tokens[at]) else end - at


def _unit_after(tokens: list[Token], start: int) -> int:
    """Returns the number of tokens from `start` that are a unit before an operator; 0 for none."""
    at = start
    while at < len(tokens) and at - start < _MAX_UNIT_WORDS:
        token = tokens[at]
        slash = token.text == "/" and _is_unit_word(tokens, at + 1)
        if slash or (token.kind == "word" and _in_a_unit(token)):
            at += 1
        else:
            break
    return at - start


def _in_a_unit(word: Token) -> bool:
    """Tells whether a word may be a part of a unit: no verb, no variable."""
    return word.text not in _NO_UNIT and (len(word.text) > 1 or word.text == "a")


def _is_unit_word(tokens: list[Token], at: int) -> bool:
    """Tells whether the token after a slash is a unit and no variable."""
    return at < len(tokens) and tokens[at].kind == "word" and len(tokens[at].text) > 1


def _is_variable(number: Token, word: Token) -> bool:
    """Tells whether letters after a number are a factor: `3x`, `3 x`."""
    if word.kind != "word":
        return False
    if len(word.text) == 1:
        return word.text != "a" or not word.spaced
    if unit(word.text) is not None or word.text in _SHORT_WORDS:
        return False
    if number.text == ")":
        return len(word.text) < 3 or not word.spaced
    return len(word.text) < 3 and not word.spaced


def _operand_follows(tokens: list[Token], at: int, complete: bool) -> bool:
    """Tells whether an operator at a position has an operand after it, and before it or a sign."""
    if not complete and tokens[at].text not in ("-", "+"):
        return False
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None:
        return False
    return _starts_operand(following) or (following.text == "-" and at + 2 < len(tokens))


def _side(
    tokens: list[Token], first: int, last: int, taken: list[Token], words: list[Token]
) -> Side | None:
    before = tokens[first - 1] if first else None
    clean = True
    if taken[0].text == "+" or (first > 1 and tokens[first - 2].text == "\\"):
        return None  # `1 + 2 + ... + 31`, `\\binom{8}{4}`
    if before is not None and before.kind not in ("relation", "end"):
        if before.kind == "word":
            if _is_continued(tokens, first, taken):
                return None
            clean = before.text in SAFE
        elif before.text not in _AROUND:
            return None
        if _follows_an_operator(tokens, first):
            return None  # `100 + (20 * 3 = 60`, `7 + Shonda (1) + 2 = 10`
    pieces: list[str] = []
    scales = {t.end: t.text.removesuffix("s") for t in words}
    fractions = _fraction_starts(taken)
    for at, token in enumerate(taken):
        text = {"[": "(", "]": ")", "of": "*"}.get(token.text, token.text)
        pieces += [*(["{"] if at in fractions else []), text]
        pieces += ["}"] if at - 2 in fractions else []
        for end, word in scales.items():
            if word in SCALES and token.end < end <= token.end + len(word) + 3:
                pieces.append(word)
    binary = sum(
        token.kind == "operator" and token.text != "%" and at > 0 and closes_operand(taken[at - 1])
        for at, token in enumerate(taken)
    )
    juxtaposed = sum(
        token.text in ("(", "[") and closes_operand(previous) for previous, token in pairwise(taken)
    )
    computed = sum(token.computed for token in taken)
    single = taken[0] if len(taken) == 1 or (len(taken) == 2 and taken[1].text == "%") else None
    decimals = None
    if single is not None and not single.computed and "/" not in single.text:
        decimals = len(single.text.strip("(-)%").partition(".")[2])
    return Side(
        first,
        last,
        tuple(pieces),
        binary + juxtaposed + computed,
        _units(tokens[first:last]),
        frozenset(token.text for token in words),
        clean,
        decimals,
        _is_vague(taken, clean),
    )


def _follows_an_operator(tokens: list[Token], first: int) -> bool:
    """Tells whether an operator stands before the bracket or the words before an expression."""
    at = first - 1
    while at > 0 and first - at < 4 and tokens[at].kind == "word":
        at -= 1
    at -= tokens[at].text in ("(", "[") and at > 0
    return tokens[at].kind == "operator" and tokens[at].text != "%"


def _fraction_starts(taken: list[Token]) -> set[int]:
    """Returns the positions of fractions written without spaces: `1/3`."""
    starts: set[int] = set()
    for at, (top, bar, bottom) in enumerate(zip(taken, taken[1:], taken[2:], strict=False)):
        numbers = top.kind == bottom.kind == "number" and at - 2 not in starts
        if numbers and bar.text == "/" and not bar.spaced and not bottom.spaced:
            starts.add(at)
    return starts


def _units(tokens: list[Token]) -> frozenset[tuple[Dimension, Fraction]]:
    above: set[tuple[Dimension, Fraction]] = set()
    below: set[tuple[Dimension, Fraction]] = set()
    divides, previous = False, ""
    for token in tokens:
        found = unit("dollar" if token.currency else token.text) if token.text != "in" else None
        if found is not None and (token.kind == "word" or token.currency):
            (below if divides else above).add((found.dimension, found.factor))
        part = previous == "of"  # 2/5 of an hour
        divides = (token.text in _PER and not part) or (divides and token.kind == "word")
        previous = token.text
    return frozenset(above - below)


def _is_vague(taken: list[Token], clean: bool) -> bool:
    texts = [token.text for token in taken]
    if "of" in texts and {"+", "-"} & set(texts):
        return True
    if len(taken) != 3 or taken[1].spaced or taken[2].spaced:
        return False
    a, b = (token.text for token in (taken[0], taken[2]))
    if not (a.isdigit() and b.isdigit() and int(a) < int(b) <= _MAX_PART):
        return False
    return texts[1] == "/" or (texts[1] == "-" and not clean)


def _is_continued(tokens: list[Token], first: int, taken: list[Token]) -> bool:
    """Tells whether the words before an expression make it a part of a larger one."""
    at = first - 1
    while at > 0 and tokens[at].text in _ARTICLES:
        at -= 1
    word = tokens[at]
    if word.kind != "word":
        return False
    if word.text in _CONTINUED or word.text == "ordinal":
        return True
    if word.text == "of" and at > 0:
        if tokens[at - 1].text in ("average", "mean"):
            return any(token.text == "+" for token in taken)
        return tokens[at - 1].text in _PART_OF or closes_operand(tokens[at - 1])
    clause = {t.text for t in tokens[max(0, at - 8) : at]}
    if word.text in ("from", "to"):
        return bool(
            clause & {"add", "adding", "subtract", "subtracting", "subtracted", "take", "taking"}
        )
    return len(word.text) == 1 and word.text not in ("a", "i")
