"""Names of inputs and steps, from the words beside their numbers.

A name is the noun that follows the number. A second number of the same noun gets a further word of
its sentence: `clips_may`, `total_clips`. Only where no word distinguishes it has a name a number.
"""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from caco.stages.unify.stated_quantities import Quantity
from caco.stages.unify.words import STOP, listed, stem
from caco.stages.unify.worked_solution import Equation
from caco.text.arithmetic import Expression, Negative, Operation
from caco.text.numbers import is_number_word

_WORD = re.compile(r"[a-z]+(?:['’]s)?")  # noqa: RUF001
_RATE = re.compile(
    r"^[\s-]*(?:([a-z]+)\s+)?(?:(?:per|an?|each|every)\s+|/\s*)([a-z]{3,})\b|^\s*/\s*([a-z]{3,})"
)
_CURRENCY = re.compile(r"[$€£¥]\s*$")
_TOTAL = re.compile(r"\b(?:total|altogether|in all|combined|together|sum)\b", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:left|remain\w*|still|rest)\b", re.IGNORECASE)
_RESERVED = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"input", "output", "step"}
_NO_NAME = STOP | listed(
    """amount answer equal equals equation given got go goes gets get find finds found
    however let means meaning need needs number numbers per percent percentage really solution
    sure times value want way well worth say same hence since make makes made take takes took give
    gives gave bring brings come comes put puts went going reach keep kept didn doesn don isn wasn
    dr mr mrs ms miss there actually already usually currently originally exactly around
    approximately nearly least most probably rather than without within during between"""
)
_OPERATIONS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "**": "power"}
_OTHERS = ("other", "next", "further", "last")  # where no word of the text distinguishes two names
_COST = listed(
    """cost costs price priced pay pays paid spend spends spent earn earns earned fee rent budget
    salary worth bill tip charges charge sells sold saves saved owes fare savings"""
)


class Names:
    """The names of a program; each is given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def first(self, candidates: Iterable[str]) -> str:
        """Returns the first candidate that is not given yet, or the first one with a number."""
        fallback = ""
        for name in candidates:
            if name in _RESERVED or not name.isidentifier():
                continue
            if name not in self._given:
                self._given.add(name)
                return name
            fallback = fallback or name
        count = 2
        while f"{fallback}_{count}" in self._given:
            count += 1
        self._given.add(f"{fallback}_{count}")
        return f"{fallback}_{count}"


def input_names(quantity: Quantity) -> Iterator[str]:
    """Yields names for a quantity of the question, the best first."""
    nouns = _nouns(quantity.after)
    before = _nouns(quantity.before)[::-1]
    heads: list[str] = []
    if quantity.fraction:
        part = "denominator" if quantity.before[-1:] == "/" else "numerator"
        heads = [f"{word}_{part}" for word in (*nouns[:2], *before[:2])] + [part]
    elif quantity.percent:
        heads = [f"{word}_percent" for word in nouns[:1]] + ["percent"]
        heads += [f"{word}_percent" for word in before]
    elif _CURRENCY.search(quantity.before):
        rate = _RATE.match(quantity.after.lower())
        if rate and rate[1] in (None, "for"):
            unit = rate[2] or rate[3]
            heads += [f"price_per_{unit}" if before[:1] != ["earns"] else f"dollars_per_{unit}"]
        money = [word for word in before[:3] if word in _COST]
        if money:
            others = [w for w in before if w not in money and stem(w) != stem(money[0])]
            heads += [f"{word}_{_noun_of(money[0])}" for word in others[:2]]
            heads += [_noun_of(money[0])]
        heads += [f"{word}_dollars" for word in (*before[:2], *nouns[:2])] + ["dollars"]
    elif rate := _RATE.match(quantity.after.lower()):
        unit = rate[2] or rate[3]
        if rate[1] and rate[1] not in _NO_NAME:
            heads = [f"{rate[1]}_per_{unit}"]
    heads += nouns[:1]
    heads += [f"{nouns[0]}_{word}" for word in nouns[1:3]]
    heads += [f"{word}_{nouns[0]}" for word in before[:3] if nouns]
    heads += [f"{a}_{b}" for b, a in pairwise(before)][:1] + before[:3]
    heads += [f"{prefix}_{noun}" for noun in (*nouns[:1], *before[:1]) for prefix in _OTHERS]
    yield from (name for name in dict.fromkeys(heads) if not _repeats(name))
    yield from ("amount", *(f"{prefix}_amount" for prefix in _OTHERS))


def step_names(step: Equation, asked: str | None) -> Iterator[str]:
    """Yields names for the result of a step, the best first.

    Args:
        step: The step.
        asked: What the question asks for, if this is the last step.
    """
    nouns = _nouns(step.after)
    lead = _nouns(step.before)
    if _CURRENCY.search(step.before) or not nouns:
        money = [word for word in lead[::-1] if word in _COST]
        nouns = nouns or [_noun_of(word) for word in money[:1]] or lead[-1:]
    nouns = nouns or ([asked] if asked else [])
    lowered = step.line.lower()
    if rate := _RATE.match(step.after.lower()):
        unit = rate[2] or rate[3]
        if rate[1] and rate[1] not in _NO_NAME:
            yield f"{rate[1]}_per_{unit}"
        elif not rate[1] and nouns and nouns[0] == unit:
            yield f"amount_per_{unit}"
    heads: list[str] = []
    for noun in nouns[:1]:
        operator = _operator(step.tree)
        if _TOTAL.search(lowered) and operator in "+*":
            heads.append(f"total_{noun}")
        if _LEFT.search(lowered) and operator == "-":
            heads.append(f"remaining_{noun}")
        heads.append(noun)
        heads += [f"{noun}_{word}" for word in nouns[1:3]]
        heads += [f"{word}_{noun}" for word in (*lead[:2], *lead[-2:])]
        heads.append(f"{_OPERATIONS[operator]}_of_{noun}")
        heads += [f"{prefix}_{noun}" for prefix in _OTHERS]
    heads += [f"{a}_{b}" for a, b in pairwise(lead)][-1:]
    heads += lead[-1:]
    yield from (name for name in dict.fromkeys(heads) if not _repeats(name))
    operation = _OPERATIONS[_operator(step.tree)]
    yield from (operation, *(f"{prefix}_{operation}" for prefix in _OTHERS))


def asked_noun(problem: str) -> str | None:
    """Returns the noun that a question asks the number of: `clips` of "How many clips"."""
    found = re.findall(r"how (?:many|much)((?: [A-Za-z]+){1,4})", problem, re.IGNORECASE)
    nouns = _nouns(found[-1]) if found else []
    return nouns[0] if nouns else None


def _nouns(text: str) -> list[str]:
    """Returns the words of a text that may name something, in order."""
    words = (re.sub(r"['’]s$", "", word) for word in _WORD.findall(text.lower()))  # noqa: RUF001
    return [
        word
        for word in words
        if len(word) >= 3
        and word not in _NO_NAME
        and stem(word) not in _NO_NAME
        and not is_number_word(word)
    ]


def _repeats(name: str) -> bool:
    """Returns whether a name has a word twice."""
    words = [stem(word) for word in name.split("_")]
    return len(set(words)) < len(words)


def _noun_of(verb: str) -> str:
    """Returns the noun of a verb of money."""
    return {"cost": "cost", "costs": "cost", "paid": "payment", "pay": "payment",
            "pays": "payment", "spend": "spending", "spends": "spending", "spent": "spending",
            "earn": "earnings", "earns": "earnings", "earned": "earnings", "priced": "price",
            "sells": "price", "sold": "price", "saves": "savings", "saved": "savings",
            "owes": "debt", "charges": "charge"}.get(verb, verb)  # fmt: skip


def _operator(tree: Expression) -> str:
    match tree:
        case Operation(operator, _, _):
            return operator
        case Negative(operand):
            return _operator(operand)
        case _:
            return "*"
