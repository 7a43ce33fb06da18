"""Statements about properties of numbers: parity, divisors, order and counts."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import isqrt

from caco.statements.conversions import compound_holds, units_in_one
from caco.statements.phrases import (
    ELEMENTS,
    LIST,
    SEVERAL,
    Found,
    Keys,
    integers,
    phrase,
)
from caco.statements.relations import in_a_claim
from caco.statements.sides import SAFE
from caco.statements.statement import Kind, Statement, number_text
from caco.statements.tokens import UNKNOWN, Token

Verdict = tuple[bool, str] | None
"""Whether a statement holds and what is true instead; None if it is not judged."""

_MAX_PRIME = 10**6  # trial division takes at most 500 steps
_MAX_POWER = 10**12
_NOUN = r"(?: (?:numbers?|integers?|values?))?"


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, isqrt(n) + 1))


def _kind_of(n: int) -> str:
    if n < 2:
        return "neither prime nor composite"
    return "prime" if _is_prime(n) else "composite"


def _parity(n: int) -> str:
    return "odd" if n % 2 else "even"


def _has_property(found: Found) -> Verdict:
    """`35 is even`, `3 and 5 are not prime`."""
    numbers = integers(found.numbers)
    if numbers is None:
        return None
    claimed, negated = found.match["property"], bool(found.group("negated"))
    return _all_are(numbers, claimed, negated)


def _all_are(numbers: list[int], claimed: str, negated: bool = False) -> Verdict:
    of = _parity if claimed in ("even", "odd") else _kind_of
    if of is _kind_of and max(numbers) > _MAX_PRIME:
        return None
    wrong = next((n for n in numbers if (of(n) == claimed) == negated), None)
    return (True, "") if wrong is None else (False, f"{wrong} is {of(wrong)}")


def _list_has_property(found: Found) -> Verdict:
    """`even numbers: 2, 4 and 6`."""
    numbers = integers(found.numbers)
    return _all_are(numbers, found.match["property"]) if numbers is not None else None


def _divisible(found: Found) -> Verdict:
    """`12 and 15 are divisible by 3`."""
    numbers = integers(found.numbers)
    if numbers is None:
        return None
    count = found.match["dividends"].count("#")
    pairs = [(n, d) for n in numbers[:count] for d in numbers[count:]]
    return _divide(pairs, bool(found.group("negated")))


def _divides(found: Found) -> Verdict:
    """`3 divides 12`, `3 and 4 are divisors of 12`."""
    numbers = integers(found.numbers)
    if numbers is None:
        return None
    count = found.match["divisors"].count("#")
    pairs = [(n, d) for n in numbers[count:] for d in numbers[:count]]
    return _divide(pairs, bool(found.group("negated")))


def _divide(pairs: list[tuple[int, int]], negated: bool) -> Verdict:
    if any(d == 0 for _, d in pairs) or (negated and len(pairs) > 1):
        return None
    for n, d in pairs:
        if (n % d == 0) == negated:
            rest = n % d
            why = f"{n} is {d} times {n // d}" + (f" with a remainder of {rest}" if rest else "")
            return False, why
    return True, ""


def _multiples(found: Found) -> Verdict:
    """`Multiples of 7 up to 30: 7, 14, 21, 28`."""
    numbers = integers(found.numbers)
    if numbers is None:
        return None
    listed = numbers[2:] if found.match["bound"] else numbers[1:]
    return _divide([(n, numbers[0]) for n in listed], negated=False)


def _divisors(found: Found) -> Verdict:
    """`Divisors of 12: 1, 2, 3, 4, 6, 12`; a list from 1 to the number has all."""
    numbers = integers(found.numbers)
    if numbers is None or min(numbers) < 1 or numbers[0] > _MAX_PRIME:
        return None
    whole, listed = numbers[0], numbers[1:]
    wrong = _divide([(whole, d) for d in listed], negated=False)
    if wrong is None or not wrong[0] or (listed[0], listed[-1]) != (1, whole):
        return wrong
    low = [d for d in range(1, isqrt(whole) + 1) if whole % d == 0]
    missing = sorted({*low, *(whole // d for d in low)} - set(listed))
    return (True, "") if not missing else (False, f"{missing[0]} divides {whole} too")


def _remainder(found: Found) -> Verdict:
    """`17 divided by 5 leaves a remainder of 2`, `5 goes into 17 3 times with remainder 2`."""
    numbers = integers(found.numbers)
    if numbers is None:
        return None
    if found.group("into"):
        numbers[:2] = numbers[1], numbers[0]
    n, d, *stated = numbers
    if d < 1 or n < 0:
        return None
    right = [n % d] if len(stated) == 1 else [n // d, n % d]
    return stated == right, f"{n} is {d} times {n // d} with a remainder of {n % d}"


def _perfect(found: Found) -> Verdict:
    """`36 is a perfect square`, `8 and 27 are perfect cubes`."""
    numbers, negated = integers(found.numbers), bool(found.group("negated"))
    if numbers is None or min(numbers) < 0 or max(numbers) > _MAX_POWER:
        return None
    exponent = 2 if found.match["power"].startswith("square") else 3
    for n in numbers:
        root = round(n ** (1 / exponent))  # of a number below _MAX_POWER, off by less than 1/2
        if (root**exponent == n) == negated:
            low = root - (root**exponent > n)
            between = f"{n} is between {low}^{exponent} and {low + 1}^{exponent}"
            return False, f"{n} is {root}^{exponent}" if negated else between
    return True, ""


def _ordered(found: Found) -> Verdict:
    """`sorted: 1, 2, 3`, `in descending order: 3, 2, 1`."""
    listed = found.numbers
    rising = all(a <= b for a, b in pairwise(listed))
    falling = all(a >= b for a, b in pairwise(listed))
    word = found.group("direction") or found.group("order")
    if word in ("ascending", "increasing"):
        holds = rising
    elif word in ("descending", "decreasing"):
        holds = falling
    else:
        holds = rising or falling
    order = sorted(listed, reverse=word in ("descending", "decreasing"))
    return holds, f"the order is {', '.join(map(number_text, order))}"


def _count(found: Found) -> Verdict:
    """`[1, 2, 3] has 3 elements`, `there are 2 even numbers in [1, 2, 4]`."""
    first = found.group("first")
    stated, members = (
        (found.numbers[0], found.numbers[1:]) if first else (found.numbers[-1], found.numbers[:-1])
    )
    claimed = found.group("property")
    whole = integers(members)
    if claimed:
        if whole is None or max(whole) > _MAX_PRIME:
            return None
        of = _parity if claimed in ("even", "odd") else _kind_of
        members = [Fraction(n) for n in whole if of(n) == claimed]
    return stated == len(members), f"there are {len(members)}"


def _difference(found: Found) -> Verdict:
    """`12 is 7 more than 5`."""
    a, by, b = found.numbers
    right = b + by if found.match["sign"] in ("more", "greater", "larger") else b - by
    return a == right, f"it is {number_text(right)}"


_FACTORS = {"twice": 2, "double": 2, "thrice": 3, "triple": 3}


def _multiple(found: Found) -> Verdict:
    """`12 is twice as many as 6`, `12 is 3 times as many as 4`, `6 is half as many as 12`."""
    word = found.group("factor")
    a, *stated, b = found.numbers
    right = b * (_FACTORS[word] if word else stated[0])
    return a == right, f"it is {number_text(right)}"


def _units(found: Found) -> Verdict:
    """`there are 60 minutes in an hour`, `a week has 7 days`."""
    try:
        holds, right = units_in_one(found.numbers[0], found.match["small"], found.match["large"])
    except ValueError:
        return None
    return None if holds is None else (holds, f"it is {number_text(right)}")


def _compound(found: Found) -> Verdict:
    """`1 hour and 30 minutes = 90 minutes`, `90 minutes is 1 hour 30 minutes`."""
    large, small, single = (found.match[name] for name in ("large", "small", "single"))
    first, second, third = found.numbers
    if found.match.start("single") < found.match.start("large"):
        first, second, third = second, third, first
    try:
        holds, right = compound_holds(((first, large), (second, small)), (third, single))
    except ValueError:
        return None
    return None if holds is None else (holds, f"it is {number_text(right)} {single}")


def _change(found: Found) -> Verdict:
    """`from 40 to 50 is an increase of 25%`; the percentage may be rounded."""
    first, last, stated = found.numbers
    if first <= 0:
        return None
    up = found.match["change"] == "increase"
    right = (last - first if up else first - last) / first * 100
    return abs(right - stated) < 1, f"it is {number_text(right)}%"


_PROPERTY = r"(?:even|odd|prime|composite)"
_CLOSED = r"(?= [,;:)]|$)"
"""The end of a clause: `a week is 8 days away` is no conversion."""
_UNIT = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|foot|feet|inch(?:es)?"
    r"|yards?)"
)
_TWO_UNITS = rf"# (?P<large>{_UNIT})(?: and)? # (?P<small>{_UNIT})"
_IS = r"(?:=|is|are|equals)"
_SUBJECT = r"(?:# is|#(?: , #)*(?: ,)? (?:and|&) # are)(?: both| all| each)?"
_NOT = r"(?P<negated> not)?"
_KINDS: list[tuple[Kind, str, str, Callable[[Found], Verdict]]] = [
    (
        Kind.REMAINDER,
        "remainder r",
        r"# / # (?:(?:=|is|gives|equals) # (?:, )?(?:with |and )?(?:a )?(?:remainder|r)"
        r"|(?:leaves|gives|has)(?: a)? remainder)(?: of| is|,)? #",
        _remainder,
    ),
    (
        Kind.PARITY,
        "even odd",
        rf"{_SUBJECT}{_NOT}(?: an?)? (?P<property>even|odd){_NOUN}",
        _has_property,
    ),
    (
        Kind.PRIME,
        "prime composite",
        rf"{_SUBJECT}{_NOT}(?: an?)? (?P<property>prime|composite){_NOUN}(?! factor)",
        _has_property,
    ),
    (
        Kind.DIVISIBILITY,
        "perfect",
        rf"{_SUBJECT}{_NOT}(?: a)? perfect (?P<power>squares?|cubes?)",
        _perfect,
    ),
    (
        Kind.REMAINDER,
        "goes",
        r"# (?P<into>goes into) # # times(?:,| and)?(?: with)?(?: a)? remainder(?: of)? #",
        _remainder,
    ),
    (
        Kind.PARITY,
        "even odd prime composite",
        r"(?P<property>even|odd|prime|composite) (?:numbers|ones|integers|values)"
        rf"(?: (?:in the list|in the set|are|here|among them|of the list)){{0,2}}(?: :)? {SEVERAL}",
        _list_has_property,
    ),
    (
        Kind.DIVISIBILITY,
        "divisible multiple multiples",
        rf"(?P<dividends>{_SUBJECT}){_NOT}(?: evenly| exactly)?"
        rf" (?:divisible by|a multiple of|multiples of)(?: both)? {LIST}",
        _divisible,
    ),
    (
        Kind.DIVISIBILITY,
        "divisor factor divisors factors",
        rf"(?P<divisors>{_SUBJECT}){_NOT}(?: a)? (?:divisors?|factors?) of(?: both)? {LIST}",
        _divides,
    ),
    (
        Kind.DIVISIBILITY,
        "divides divide",
        rf"(?P<divisors>#(?: , #)*(?: ,)? and #|#) (?:(?P<negated>do(?:es)? not) divide|divides?)"
        rf"(?: evenly)?(?: into| both)? {LIST}",
        _divides,
    ),
    (
        Kind.DIVISIBILITY,
        "multiples",
        rf"multiples of #(?P<bound> (?:up to|below|under) #)? (?:: |are (?:: )?){SEVERAL}",
        _multiples,
    ),
    (
        Kind.DIVISIBILITY,
        "divisors factors",
        rf"(?:divisors|factors) of # (?:: |are (?:: )?){SEVERAL}",
        _divisors,
    ),
    (
        Kind.ORDER,
        "sorted order",
        r"(?:sorted(?: (?:list|numbers|values|array))?(?: in (?P<direction>ascending|increasing"
        r"|descending|decreasing) order)?|in (?P<order>ascending|increasing|descending|decreasing)"
        rf" order) (?:(?:is|are|we get|gives|:) )?(?:: )?{SEVERAL}",
        _ordered,
    ),
    (
        Kind.COUNT,
        "has contains have",
        rf"\[ #(?: , #)* \] (?:has|contains|have)(?: exactly| only)? (?P<last>#)"
        rf"(?: (?P<property>{_PROPERTY}))? {ELEMENTS}",
        _count,
    ),
    (
        Kind.COUNT,
        "there",
        rf"there (?:is|are)(?: exactly| only)? (?P<first>#)(?: (?P<property>{_PROPERTY}))?"
        rf" {ELEMENTS} in(?: the list)? \[ #(?: , #)* \]",
        _count,
    ),
    (
        Kind.COUNT,
        "there",
        rf"there (?:is|are)(?: exactly| only)? (?P<first>#) (?P<property>{_PROPERTY}) {ELEMENTS}"
        rf" (?:in|among)(?: the (?:list|numbers))?(?: :)? {SEVERAL}",
        _count,
    ),
    (
        Kind.ARITHMETIC,
        "there",
        rf"there (?:is|are) # (?P<small>[a-z]+) in (?:an?|each|every|1) (?P<large>[a-z]+){_CLOSED}",
        _units,
    ),
    (
        Kind.ARITHMETIC,
        "has is contains equals",
        r"(?:A|an?|each|every) (?P<large>[a-z]+) (?:has|is|contains|equals) # (?P<small>[a-z]+)"
        rf"{_CLOSED}",
        _units,
    ),
    (
        Kind.ARITHMETIC,
        "= is are equals",
        rf"{_TWO_UNITS} {_IS} # (?P<single>{_UNIT}){_CLOSED}",
        _compound,
    ),
    (
        Kind.ARITHMETIC,
        "= is are equals",
        rf"# (?P<single>{_UNIT}) {_IS} {_TWO_UNITS}{_CLOSED}",
        _compound,
    ),
    (
        Kind.ARITHMETIC,
        "increase decrease",
        r"from # to # is an? (?P<change>increase|decrease) (?:of|by) # %",
        _change,
    ),
    (
        Kind.COMPARISON,
        "than",
        r"# is # (?P<sign>more|greater|larger|less|fewer|smaller) than #",
        _difference,
    ),
    (
        Kind.COMPARISON,
        "as",
        rf"# (?:is|are) (?:(?P<factor>{'|'.join(_FACTORS)})|#(?: times)?) as [a-z]+ as #",
        _multiple,
    ),
]
_PATTERNS = [(kind, frozenset(words.split()), phrase(p), f) for kind, words, p, f in _KINDS]
_BEFORE = frozenset({"(", "[", '"', "`", "|"})
_CONTINUING = ("operator", "relation")
_AFTER = frozenset(
    {"!", UNKNOWN, "or", "than", "factor", "factors", "times", "of", "percent", "more", "less"}
)


def property_statements(tokens: list[Token], text: str) -> tuple[list[Statement], set[int]]:
    """Returns the statements about properties, and the positions of their tokens."""
    words = {token.text for token in tokens if token.kind in ("word", "relation")}
    statements: list[Statement] = []
    used: set[int] = set()
    keys = Keys(tokens)
    for kind, needed, pattern, judge in _PATTERNS:
        if not words & needed:
            continue
        for found in keys.find(pattern):
            span = range(found.first, found.last)
            if used & set(span):
                continue
            verdict = judge(found) if _stands_alone(tokens, found) else None
            shown = " ".join(text[tokens[found.first].start : tokens[found.last - 1].end].split())
            holds, right = verdict or (None, "")
            statements.append(Statement(kind, shown, holds, "" if holds else right))
            used.update(span)
    return statements, used


def _stands_alone(tokens: list[Token], found: Found) -> bool:
    """Tells whether nothing before or after a phrase changes what it states."""
    before = tokens[found.first - 1] if found.first else None
    after = tokens[found.last] if found.last < len(tokens) else None
    if tokens[found.first].kind == "number" and before is not None:
        safe = before.kind in ("end", "relation") or before.text in _BEFORE
        if not safe and not (before.kind == "word" and before.text in SAFE | {"both", "number"}):
            return False
    elif before is not None and before.text in ("of", "not", "ordinal", "second", "common"):
        return False  # the number of even numbers
    further = tokens[found.last + 1].text if found.last + 1 < len(tokens) else ""
    if after is not None and after.kind == "end" and further in ("(", "["):
        return False  # the factors of 28 are (1, 28), (2, 14)
    if after is not None and after.kind == "word" and (not after.spaced or len(after.text) == 1):
        return False  # 7 divides 10a
    if after is not None and (after.kind in _CONTINUING or after.text in _AFTER):
        return False
    return in_a_claim(tokens, found.first)
