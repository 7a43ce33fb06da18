"""Operations that a question states in a word: `half of them`, `twice as many`, `triple`.

Such a word states no quantity that `input` has to hold, but a program that holds neither its
number nor an equivalent computes something else: `Then it sells half of them` beside a program
that only subtracts.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from caco.text.numbers import DENOMINATORS, Mention

# `first half`, `half-hour` and `half a dollar` are names and units, `twice a day` is a frequency.
_UNITS = (
    "hour|day|dozen|time|way|year|dollar|mile|inch|pound|gallon|pint|cup|full|empty|and|shell"
    "|brother|sister|priced?"
)
_WORDS = re.compile(
    rf"""\b(?:
      (?P<two>(?<!\ba\ )(?<!first\ )(?<!second\ )(?<!other\ )(?<!top\ )(?<!bottom\ )(?<!each\ )half
          (?!-|\s+(?:(?:an?|the)\s+)?(?:{_UNITS})s?\b)
        |halve[sd]?|(?<!\ba\ )doubl(?:e[sd]?|ing)(?!-)
        |twice(?!\s+(?:an?|per|each|every|in|on|weekly|daily)\b))
      |(?P<three>thrice(?!\s+(?:an?|per|each|every|weekly|daily)\b)
        |(?<!\ba\ )tripl(?:e[sd]?|ing)(?!-))
      |(?P<four>(?<!\ba\ )quadrupl(?:e[sd]?|ing)(?!-))
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_FACTORS = {"two": 2, "three": 3, "four": 4}
# `a third of` is a number of `caco.text.numbers`; `a third person` and `a third one` are no parts.
_PARTS = re.compile(
    r"""\ban?\s+(?P<part>third|quarter|fourth|fifth|sixth|eighth|tenth)\s+
    (?:away|off|more|less|fewer|larger|bigger|smaller|longer|shorter|taller|heavier|lighter|cheaper
      |higher|lower)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_HALF = Decimal("0.5")
_CLOSE = Decimal("1e-6")


def missing_operations(
    question: str,
    found: Iterable[Mention],
    inputs: Collection[Decimal],
    constants: Collection[Decimal],
    doubles: bool,
) -> Iterator[tuple[int, int]]:
    """Yields where a question states an operation that its program cannot compute.

    A program computes `half` and `twice` with 2, 0.5 or 50%, a value added to itself, or another
    constant that contains the factor: 1.5 for `half as many more`, 3 for a number and twice of it.

    Args:
        question: The problem's text.
        found: Its numbers, of which `a third of` is one.
        inputs: The numbers of the program's `input`.
        constants: The other numbers that the program holds.
        doubles: Whether the program adds a value to itself.

    Yields:
        The start and the end of the words.
    """
    stated = [(word.span(), _FACTORS[word.lastgroup or ""]) for word in _WORDS.finditer(question)]
    stated += [(p.span(), DENOMINATORS[p["part"].lower()]) for p in _PARTS.finditer(question)]
    stated += [(n.span, round(1 / n.value)) for n in found if n.excused and 0 < n.value < _HALF]
    for span, factor in stated:
        n = Decimal(factor)
        plain = (n, 1 / n, 100 / n)
        combined = (
            *plain,
            n + 1,
            2 * n,
            1 + 1 / n,
            2 + 1 / n,
            1 - 1 / n,
            100 + 100 / n,
            100 - 100 / n,
            100 * n,
        )
        computed = _holds(inputs, plain) or _holds(constants, combined)
        if not computed and not (factor == 2 and doubles):
            yield span


def _holds(held: Collection[Decimal], wanted: Collection[Decimal]) -> bool:
    return any(abs(a - b) < _CLOSE for a in held for b in wanted)
