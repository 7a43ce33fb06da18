"""How often a question states each number, and how often the program holds it.

A number that a question states again is either the same quantity (`5 apples. Of the 5 apples ...`)
or another one that happens to be equal (`5 apples and 5 pears`). A question that states more equal
quantities than the program has asks something else. Decision 0038 has the rules and the figures.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from caco.stages.reverse.idle_numbers import Roles
from caco.stages.reverse.phrases import WORD, noun_after, stem
from caco.text.numbers import Mention, Reading


@dataclass(frozen=True, slots=True)
class Statement:
    """A number of a question that states inputs.

    Attributes:
        number: The number.
        values: The inputs that it states; their signs are left to the sentence.
    """

    number: Mention
    values: Reading


_BEFORE = 60  # characters before a number in which its determiner is
_AFTER = 60  # characters after it in which its noun is
_NOUNS = 3  # words after a number that may name what it counts
_OWN = "the|his|her|their|its|my|our"
_DETERMINER = re.compile(
    rf"\b(?:(?P<back>of\s+(?:these|those|{_OWN})|these|those|all|both|same)|{_OWN})\s+"
    rf"(?:(?:of|these|those|first|last|other|remaining|all|original|same|initial|{_OWN})\s+)*\$?$",
    re.IGNORECASE,
)  # `back`: what it refers to is in the question already
_BY = re.compile(r"(?:\s*[a-z]+){0,2}\s*(?:\bby\b|[x\u00d7])\s*$", re.IGNORECASE)
_ELLIPSIS = re.compile(r"\s*,?\s*(?:and|or)\s+[\d.]+[\s-]+")  # `5 and 8 inch`
_ANOTHER = re.compile(
    r"\b(?:another|additional|extra|further|plus)\s+(?:\w+\s+)?\$?$", re.IGNORECASE
)
_MORE = re.compile(
    r"[\s-]*(?:more|additional|extra|other|another|further)\b(?!\s+than)", re.IGNORECASE
)
_PHRASE_END = re.compile(r"[.,;:?!](?:\s|$)")
_SHARED = re.compile(
    r"\b(?:each|every|both|same|equal\w*|identical|square|cube|per"
    r"|(?<!\bin )(?<!\bat )(?<!\bafter )all(?! together)|apiece|as (?:many|much)"
    r"|respectively|twins?|doubles?|too|either)\b",
    re.IGNORECASE,
)  # words by which one number states several equal quantities; `in all` asks for a sum
_OF_THEM = re.compile(r"\s+of\s+(?:them|these|those|(?P<which>which|whom))\b", re.IGNORECASE)
_OF = re.compile(r"\s+of\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:]\s|\b(?:and|but|then|while)\b", re.IGNORECASE)
_NO_NOUN = frozenset(
    """of the a an in on at to for from and or per each every with by is are was were has have had
    that which who he she it they his her their more less fewer times than as how if does do did
    will would can could into out so then but when while after before
    """.split()  # noqa: SIM905
)


Quantities = dict[Decimal, list[Mention]]
"""By value, the numbers that state a quantity of it."""


def quantities(question: str, stated: Iterable[Statement], roles: Roles) -> Quantities:
    """Returns, by value, the numbers of a question that state a quantity of their own.

    Left out are idle numbers, the parts of fractions, and numbers that repeat an earlier one: with
    a determiner (`the 5 apples`, `of the 5`) whose noun the question has before, with the same
    noun in another sentence or the request, or as the sides of a square (`5 by 5`). A number that
    a word such as `another` introduces repeats none.
    """
    own: Quantities = {}
    nouns: dict[tuple[Decimal, str], int] = {}  # the sentence in which a value first has a noun
    compounds: set[tuple[Decimal, str]] = set()
    words = _first_words(question)
    for statement in stated:
        number = statement.number
        if len(statement.values) > 1 or roles.idle(number):
            continue
        (value,) = statement.values
        found = _nouns(question, number)
        asked = roles.in_request(number)
        sentence = roles.sentence(number) + asked  # `If he has $5, how much is left of $5?`
        compound = question[number.end : number.end + 1] == "-"
        first = value not in own
        repeated = not first and (
            _definite(question, number, words)
            or _BY.fullmatch(question, own[value][-1].end, number.start)
            or any(
                (value, noun) in nouns
                and (compound or (value, noun) in compounds or nouns[value, noun] != sentence)
                and (noun != "$" or asked)
                for noun in found
            )
        )
        another = _another(question, number)
        if not repeated or another:
            own.setdefault(value, []).append(number)
        if another:
            continue
        for noun in found:
            nouns.setdefault((value, noun), sentence)
            if compound:
                compounds.add((value, noun))
    return own


def _first_words(question: str) -> dict[str, int]:
    """Returns the stems of the words of a question, each with its first position."""
    first: dict[str, int] = {}
    for word in WORD.finditer(question.lower()):
        first.setdefault(stem(word[0]), word.start())
    return first


def _definite(question: str, number: Mention, words: Mapping[str, int]) -> bool:
    """Tells whether a determiner refers to something that the question has before the number."""
    found = _DETERMINER.search(question[max(0, number.start - _BEFORE) : number.start])
    if not found:
        return False
    noun = noun_after(question[number.end : number.end + _AFTER])
    return bool(found["back"] or not noun or words.get(noun, number.start) < number.start)


def _another(question: str, number: Mention) -> bool:
    """Tells whether the words around a number introduce another quantity."""
    before = question[max(0, number.start - _BEFORE) : number.start]
    return bool(_ANOTHER.search(before) or _MORE.match(question, number.end))


def _nouns(question: str, number: Mention) -> set[str]:
    """Returns the stems of what a number counts: `apple`, `%`, `per hour`."""
    after = question[number.end : number.end + _AFTER].lower()
    if ellipsis := _ELLIPSIS.match(after):
        after = after[ellipsis.end() :]
    after = _PHRASE_END.split(after)[0]
    words = WORD.findall(after)[:_NOUNS]
    nouns: set[str] = set()
    for word in words:
        if word in _NO_NOUN:
            break
        nouns.add(stem(word))
    if not nouns and len(words) > 1 and words[0] in ("per", "each", "an", "a", "of"):
        nouns.add(" ".join(words[:2]))
    if question[max(0, number.start - 1) : number.start] == "$":
        nouns |= {"$", *(f"$ {word}" for word in words[:1] if word in ("each", "per"))}
    if number.percent:
        nouns.add("%")
    if question[number.start : number.end].lower().endswith("dozen"):
        nouns.add("dozen")
    return nouns


def too_many(own: Quantities, allowed: Mapping[Decimal, int]) -> Iterator[tuple[Decimal, Mention]]:
    """Yields the values that a question states as more quantities than the program has.

    Args:
        own: The result of `quantities`.
        allowed: How many quantities the program may hold as each value.

    Yields:
        The value, and the first number that is too many.
    """
    for value, numbers in own.items():
        if len(numbers) > allowed[value]:
            yield value, numbers[allowed[value]]


def too_few(
    question: str, stated: Iterable[Statement], held: Mapping[Decimal, int], roles: Roles
) -> Iterator[tuple[Decimal, int]]:
    """Yields the values that a question states less often than `input` holds them, with the number.

    A word such as `each` or `both` lets one number of its sentence state several equal quantities.
    """
    numbers: dict[Decimal, list[Mention]] = defaultdict(list)
    for statement in stated:
        for value in statement.values:
            numbers[value].append(statement.number)
    for value, count in held.items():
        if 0 < len(numbers[value]) < count and not any(
            _SHARED.search(question, *roles.span(number)) for number in numbers[value]
        ):
            yield value, len(numbers[value])


def larger_parts(
    question: str, found: Iterable[Mention], roles: Roles
) -> Iterator[tuple[Mention, Mention]]:
    """Yields each count `of them` that is larger than what it is a part of, with the whole.

    The whole is the only other number of the sentence up to there, in the same clause: `a shop
    with 3 boxes has 9 of them`, `28 students, 60 of whom are girls`.
    """
    before: list[Mention] = []
    for number in found:
        if before and roles.sentence(before[-1]) != roles.sentence(number):
            before = []
        part = _OF_THEM.match(question, number.end)
        if part and len(before) == 1 and _is_count(number) and _is_count(before[0]):
            whole = before[0]
            between = question[whole.end : number.start]
            joined = part["which"] or not _CLAUSE_END.search(between)
            if whole.value < number.value and joined and not _OF.match(between):
                yield whole, number
        before.append(number)


def _is_count(number: Mention) -> bool:
    return not (number.percent or number.parts)
