"""What texts state: a worked solution its equations, a problem its numbers and their names."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from caco.seeds.marks import MARK, without_marks
from caco.unify.expression import NUMBER, Expression, Number, number, parse, spelled_out, value


@dataclass(frozen=True, slots=True)
class Equation:
    """One step of a worked solution.

    Attributes:
        tree: What is computed.
        result: The value that the text states.
        decimals: How many decimals the text gives of it.
        line: The line it stands in, as prose.
        after: The text that follows the result: its first noun names it.
    """

    tree: Expression
    result: Fraction
    decimals: int
    line: str
    after: str


_RESULT = re.compile(rf"\s*(-?)\s*({NUMBER})")
_BULLET = re.compile(r"^\s*(?:[-•*]|\d+[.)])\s+")
_WORD = re.compile(r"(?:/\s*)?[^\W\d_][^\W\d_'’-]*\.?")  # noqa: RUF001
_PIECE = re.compile(rf"({NUMBER})|(\*\*|[-+*/()%^])|(\x00)|(\S)")
_NAME = re.compile(r"[a-z]{3,}")
_COUNT_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "fifteen": 15,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
_STATED = re.compile(rf"({NUMBER})\s*(%|percent)?|\b({'|'.join(_COUNT_WORDS)})\b", re.IGNORECASE)
# Words that follow a number and do not say what is counted, and names that Python or the Code CoT
# form has taken.
_NO_NAME = frozenset(
    {
        "about", "after", "all", "also", "and", "another", "are", "because", "been", "before",
        "but", "can", "could", "each", "every", "for", "from", "had", "has", "have", "her", "him",
        "his", "how", "hundred", "into", "its", "less", "many", "more", "much", "off", "only",
        "other", "out", "per", "percent", "same", "she", "than", "that", "the", "their", "them",
        "then", "there", "they", "this", "times", "total", "was", "were", "which", "while", "who",
        "will", "with", "would",
        "abs", "dict", "find", "input", "int", "len", "list", "max", "min", "output", "print",
        "range", "round", "set", "step", "sum",
    }
)  # fmt: skip


def equations(solution: str) -> Iterator[Equation]:
    """Yields the equations of a worked solution.

    A line's calculator marks are its equations; a line without marks states them in plain words.

    Raises:
        ValueError: A mark does not hold an expression and a number.
    """
    for line in solution.splitlines():
        prose = _BULLET.sub("", without_marks(line)).strip()
        marks = list(MARK.finditer(line))
        if marks:
            yield from (_marked(line, mark, prose) for mark in marks)
        else:
            yield from _plain_equations(prose)


def _marked(line: str, mark: re.Match[str], prose: str) -> Equation:
    expression, stated = mark.groups()
    try:
        return Equation(
            tree=parse(expression.rpartition("=")[2]),
            result=value(parse(stated)),
            decimals=_decimals(stated),
            line=prose,
            after=line[mark.end() :].lstrip("0123456789.,$ "),
        )
    except ValueError as e:
        raise ValueError(f"the mark `{mark.group(0)[2:-2]}`: {e}") from None


def _plain_equations(line: str) -> Iterator[Equation]:
    """Yields the equations that stand in a line of prose, units and all.

    `7 days/week * 5 weeks/month = 35 days/month` is 7 * 5 = 35. What does not hold is no equation:
    prose has equals signs of other kinds.
    """
    for left, right in pairwise(spelled_out(line).split("=")):
        match = _RESULT.match(right)
        if match is None:
            continue
        sign, size = match.groups()
        result = number(size) * (-1 if sign else 1)
        for text in (left, left.replace("%", "")):  # `5 / 20 * 100% = 25%` is 5 / 20 * 100 = 25
            tree = _trailing_expression(text)
            if tree is None:
                continue
            found = Equation(tree, result, _decimals(size), line, right[match.end() :])
            if holds(found):
                yield found
                break


def holds(equation: Equation) -> bool:
    """Tells whether an equation is true to the decimals that it gives."""
    return abs(value(equation.tree) - equation.result) <= Fraction(1, 2 * 10**equation.decimals)


def stated_numbers(problem: str) -> dict[Fraction, str]:
    """Returns the numbers that a problem states, in order, with a word that says what they count.

    A percentage `30%` counts as 30.
    """
    found: dict[Fraction, str] = {}
    for match in _STATED.finditer(problem):
        digits, word = match.group(1), match.group(3)
        stated = number(digits) if digits else Fraction(_COUNT_WORDS[word.lower()])
        name = "percent" if match.group(2) else name_in(problem[match.end() :])
        found.setdefault(stated, name or "amount")
    return found


def name_in(text: str) -> str | None:
    """Returns the first word of the sentence `text` that can name a quantity, if one is near."""
    for word in re.split(r"\W+", re.split(r"[.?!;:]", text.lower())[0].strip())[:4]:
        if _NAME.fullmatch(word) and word not in _NO_NAME and not keyword.iskeyword(word):
            return word if word not in _COUNT_WORDS else None
    return None


def _decimals(stated: str) -> int:
    return len(stated.partition(".")[2].strip())


def _trailing_expression(text: str) -> Expression | None:
    """Returns the expression of at least one operation that ends `text`, units left out."""
    pieces = [(m.lastindex, m.group(0)) for m in _PIECE.finditer(_WORD.sub("\x00", text))]
    for start in range(len(pieces)):
        kept: list[str] = []
        for at, (kind, piece) in enumerate(pieces[start:], start):
            if kind == 3:  # a unit may follow a number or a closing bracket, never an operator
                if not kept or not (kept[-1][-1].isdigit() or kept[-1] in (")", "%")):
                    break
                if at + 1 < len(pieces) and pieces[at + 1][0] == 1:
                    break
            elif kind == 4:
                break
            else:
                kept.append(piece)
        else:
            try:
                tree = parse(" ".join(kept))
                value(tree)
            except ValueError:
                continue
            if not isinstance(tree, Number):
                return tree
    return None
