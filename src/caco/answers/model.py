"""The types of an answer.

Every answer, whether a program printed it, a benchmark states it or a model wrote it, is parsed
into one of these types by `caco.answers.parser`.
"""

from dataclasses import dataclass
from fractions import Fraction

from caco.answers.units import Unit


@dataclass(frozen=True, slots=True)
class Num:
    """A number as it is written.

    Attributes:
        value: Its exact value.
        digits: Its significant digits if it is a decimal (`0.50` has 2), 0 for an integer.
        places: Digits after the decimal point; negative if the exponent is larger.
    """

    value: Fraction
    digits: int = 0
    places: int = 0


@dataclass(frozen=True, slots=True)
class Sym:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Op:
    """A function of expressions: `add`, `mul`, `div`, `pow`, `neg`, `sqrt`, `sin`, ..."""

    name: str
    args: tuple["Expr", ...]


Expr = Num | Sym | Op


@dataclass(frozen=True, slots=True)
class Quantity:
    r"""A number or an expression, with what is written around it.

    Attributes:
        expr: The expression; a scale word (`3 million`) is multiplied into it.
        unit: Its unit; None without one, and for nouns that are no unit (`3 apples`).
        percent: Whether a percent sign or word follows. `expr` is the number before it.
        base: The base that a subscript states, None without one. `expr` has the digits as decimal.
        scaled: The scale word, empty without one.
        name: What the answer is the value of: `x` in `x = 3`; empty without one.
        letters: The single letters of its unit that are not in `\text`, which may as well be
            variables: `m` of `5m`.
        error: How far another value may be from a known one, absolute.
    """

    expr: Expr
    unit: Unit | None = None
    percent: bool = False
    base: int | None = None
    scaled: str = ""
    name: str = ""
    letters: str = ""
    error: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Sequence:
    """Several answers: a tuple, list, set, interval or bare enumeration.

    Attributes:
        items: The members.
        opening, closing: The brackets, each one of `( [ {` and `) ] }`; empty for an enumeration
            without brackets, such as `2, 3` or `2 and 3`.
        is_list: Whether it is a list of JSON, whose brackets are not those of an interval.
    """

    items: tuple["Answer", ...]
    opening: str = ""
    closing: str = ""
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """A union of intervals or sets."""

    items: tuple["Answer", ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix or column vector, by rows."""

    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """An equation or inequality: `sides` joined by `operators` (`= < > <= >= !=`)."""

    sides: tuple[Expr, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A JSON object."""

    items: tuple[tuple[str, "Answer"], ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """A truth value: `true`, `yes`, `false`, `no`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The letter of a multiple-choice answer that is followed by its text, as in `(C) 12`."""

    letter: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words with single spaces, without marks around them; equal to the same words only."""

    words: str


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Mathematical notation that the parser does not read to its end.

    Attributes:
        text: The answer without layout commands and spaces.
        reason: Where the parser stopped.
    """

    text: str
    reason: str


Answer = (
    Quantity | Sequence | Union | Matrix | Relation | Mapping | Truth | Choice | Text | Unparsed
)
