"""The quantities that a problem states: numbers with their positions, units and nouns."""

import re
from collections.abc import Container
from dataclasses import dataclass
from fractions import Fraction

from caco.stages.unify.words import content, listed, stems
from caco.text.numbers import Mention, mentions

_NEAR = 4  # words after a number that may name what it counts
_SENTENCE_END = re.compile(r"[.?!](?=\s|$)|[\n;]")
_BREAK = re.compile(r"\d[\d.,]*|,\s|\b(?:and|but|while|then|plus)\b", re.IGNORECASE)
_OUT_OF = re.compile(r"^\s+(?:out )?of (?:the |her |his |their )?[$€£]?[\d,]*\d")  # 5 of 20 nails
# What refers to a quantity that is stated already: `her 3 friends`, `those 4 cans`.
_DEFINITE = listed("the those these her his their its our my your all of same")
_COMPARED = re.compile(r"[^.,]{0,30}\b(?:more|less|fewer|[a-z]{3,}er)\b[^.,]{0,30}\bthan\b")
_DIGIT = re.compile(r"\d")
_SCALE = re.compile(r"\s*-?(dozen|hundred|thousand|million|billion|trillion)s?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a problem.

    Attributes:
        start, end: Its position in the problem.
        value: Its value without sign; 30 of `30%`.
        mention: The number of the mention that it belongs to: 3 and 4 of `3/4` have that of 0.75.
        percent: Whether it is a percentage.
        cents: Whether it is an amount of cents.
        dozens: Whether it is multiplied by the `dozen` after it.
        optional: Whether it may be something else than a number, such as `one` and `grade 2`.
        worded: Whether it is written in words.
        definite: Whether it is a word after an article, such as `the three of them`.
        factor: Whether it multiplies: `3 times`.
        difference: Whether it is a difference: `3 more than`.
        fraction: Whether it is the numerator or denominator of a fraction.
        before, after: The text of its sentence before and after it, up to another number or a
            comma.
        head: The stem of the word that it counts, and its currency or percent sign.
        near: The stems of the other words beside it.
        sentence: The stems of its sentence.
    """

    start: int
    end: int
    value: Fraction
    mention: int
    percent: bool
    cents: bool
    dozens: bool
    optional: bool
    worded: bool
    definite: bool
    factor: bool
    difference: bool
    fraction: bool
    before: str
    after: str
    head: frozenset[str]
    near: frozenset[str]
    sentence: frozenset[str]


def stated_quantities(problem: str, computed: Container[Fraction] = ()) -> list[Quantity]:
    """Returns the quantities that a problem states, in order.

    `half`, `a third of` and a bare `dozen` are operations or units, not quantities. `two dozen` is
    2, a number of dozens, and `2 million` is 2,000,000.

    Args:
        problem: The text of the problem.
        computed: The results of the solution. 2,000,000 is not stated by `2 million` if it is
            computed from 2 and 1,000,000.
    """
    found: list[Quantity] = []
    for index, mention in enumerate(mentions(problem)):
        if mention.excused and not mention.parts and mention.value not in (1, 2):
            continue  # half, a third of, the dozen
        for part in _parts(mention, problem, computed):
            quantity = _quantity(problem, part, index, mention)
            same = (quantity.start, quantity.end, quantity.value)
            if same not in [(one.start, one.end, one.value) for one in found]:
                found.append(quantity)
    return _without_repetitions(found, problem)


def _without_repetitions(found: list[Quantity], problem: str) -> list[Quantity]:
    """Returns the quantities without those that refer to an earlier one.

    `3 friends` and later `her 3 friends` are one quantity, as are `$10 bills` and `$10 bills`. Two
    amounts of the same thing, `3 apples` and `3 apples`, are not.
    """
    kept: list[Quantity] = []
    for one in found:
        earlier = [
            other
            for other in kept
            if (other.value, other.percent, other.head) == (one.value, one.percent, one.head)
            and other.mention != one.mention
            and one.head - {"$", "%"}
        ]
        definite = _is_definite(one.before)
        amounts = [
            other for other in kept if other.value == one.value and "$" in other.head & one.head
        ]
        bill = "$" in one.head and one.after[:1] == " " and one.after.split()[:1] in [
            other.after.split()[:1] for other in earlier
        ]  # fmt: skip
        same_amount = amounts and not one.before.rstrip("$€£ ").endswith(" of")
        if not (bill or (definite and (earlier or same_amount))):
            kept.append(one)
    return kept


def _is_definite(before: str) -> bool:
    """Returns whether the text before a number ends with an article or a possessive."""
    return bool(set(before.lower().rstrip("$€£ ").split()[-1:]) & _DEFINITE)


def _parts(mention: Mention, problem: str, computed: Container[Fraction]) -> list[Mention]:
    """Returns the numbers of a mention that a solution may use."""
    written = problem[mention.start : mention.end]
    scaled = _SCALE.search(written)
    if scaled is None or not mention.parts:
        if any(
            part.start == mention.start and part.value == mention.value for part in mention.parts
        ):
            return [mention]  # cents
        if mention.excused and not _DIGIT.search(written) and mention.value not in (1, 2):
            return []  # one half, one third: operations
        return [mention, *mention.parts]
    number = mention.parts[0]
    if scaled[1].lower() == "dozen":
        return [number]
    derived = Fraction(mention.value) in computed
    return [number] if derived else [mention, number]


def _quantity(problem: str, part: Mention, index: int, mention: Mention) -> Quantity:
    ends = [end.end() for end in _SENTENCE_END.finditer(problem)]
    begin = max((end for end in ends if end <= part.start), default=0)
    finish = min((end for end in ends if end > part.end), default=len(problem))
    before = _BREAK.split(problem[begin : part.start])[-1]
    after = _BREAK.split(_OUT_OF.sub("", problem[part.end : finish]))[0]
    tail = _SCALE.match(problem, part.end)
    following = content(after)[:_NEAR]
    preceding = content(before)[-_NEAR:]
    sign = {word for word in (*stems(before)[-1:], *stems(after)[:1]) if word in ("$", "%")}
    words = [word for word in following if word not in ("$", "%")] or preceding[::-1]
    worded = not _DIGIT.search(problem[part.start : part.end])
    return Quantity(
        start=part.start,
        end=part.end,
        value=abs(Fraction(part.value)),
        mention=index,
        percent=part.percent,
        cents=stems(after)[:1] == ["cent"],
        dozens=tail is not None and tail[1].lower() == "dozen",
        optional=mention.excused and (worded or part.value == 1 or not (sign or following)),
        worded=worded,
        definite=worded and _is_definite(before),
        factor=after.lower().lstrip(" -").startswith("times"),
        difference=_COMPARED.match(problem[part.end : finish].lower()) is not None,
        fraction=part is not mention and mention.value.as_integer_ratio()[1] != 1,
        before=before,
        after=after,
        head=frozenset({*words[:1], *sign}),
        near=frozenset({*following, *preceding[-3:]}),
        sentence=frozenset(content(problem[begin:finish])),
    )
