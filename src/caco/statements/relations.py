"""Arithmetic and comparisons: each relation of a sentence with the expressions on its sides.

A chain is judged link by link. `3 + 4 = 7 + 2 = 9` continues a result, a common misuse of the
equals sign: its first link is true if the left side is the number with which the right side begins.
"""

from dataclasses import dataclass
from fractions import Fraction

from caco.answers.units import Dimension
from caco.statements.conversions import conversion_holds, is_conversion
from caco.statements.phrases import Keys, phrase
from caco.statements.sides import Side, left_side, readings, right_side
from caco.statements.statement import Kind, Statement, number_text
from caco.statements.tokens import Token

_VERBS = frozenset({"is", "are", "gives", "makes", "yields", "get", "was", "equals", "leaves"})
"""Words that state a result after an operation."""
_PHRASES = [
    (phrase(pattern), sign)
    for pattern, sign in (
        (r"(?:is|are) (?:not|n't) equal to", "≠"),
        (r"(?:does|do) not equal", "≠"),
        (
            r"(?:, which )?(?:(?:is|are) (?:equal|equivalent) to|(?:is|are) the same as|equals)"
            r"|equal",
            "=",
        ),
        (r"(?:is|are) (?:about|approximately|roughly|almost|nearly|around)", "≈"),
        (r"(?:is|are) not (?:greater|larger|bigger|more|higher) than", "≤"),
        (r"(?:is|are) not (?:less|smaller|lower|fewer) than", "≥"),
        (r"(?:is|are) (?:strictly )?(?:greater|larger|bigger|more|higher) than or equal to", "≥"),
        (r"(?:is|are) (?:strictly )?(?:less|smaller|lower|fewer) than or equal to", "≤"),
        (r"(?:is|are) (?:strictly )?(?:greater|larger|bigger|more|higher) than|exceeds", ">"),
        (r"(?:is|are) (?:strictly )?(?:less|smaller|lower|fewer) than", "<"),
        (r"(?:is|are) at least", "≥"),
        (r"(?:is|are) at most", "≤"),
        (
            r"(?:, )?(?:to get|to give|(?:we|you|i|he|she|they) gets?|which (?:is|gives|equals)"
            r"|giving|(?:which )?(?:results|resulting) in|gives us)(?: a total of)?(?= #)",
            "gives",
        ),
        (r"gives?(?: a total of)?(?= #)", "gives"),
        (r"leaves?(?= #)", "leaves"),
    )
]
_OPERATORS = ("+", "-", "*", "/", "^", "(", "=", "<", ">", "≤", "≥", "≈", "≠", ",")
_SHARES = (["#", "%", "of", "#"], ["#", "of", "#"])  # 20% of 50, half of 50
_CENT = Fraction(1, 100)
_DOLLAR: Dimension = (("dollar", 1),)
_CLAIMS = frozenset({"if", "whether", "unless", "suppose", "assume", "let", "not", "say", "does"})
"""Words that do not claim what follows them."""
_UNSURE = frozenset(
    {
        "if", "whether", "unless", "suppose", "supposing", "assume", "assuming", "let", "were",
        "would", "could", "might", "may", "should", "imagine", "until", "when", "pretend",
        "perhaps", "maybe", "check", "checking", "test", "while", "neither", "nor", "no", "not",
        "never", "cannot", "either",
    }
)  # fmt: skip
"""Words of a clause that do not claim that a comparison in it holds."""
_LEADING = frozenset({"in", "for", "after", "within", "takes", "took", "lasts", "lasted"})
"""Words before a quantity that it does not belong to."""


def with_relations(tokens: list[Token]) -> list[Token]:
    """Replaces relations in words: `is greater than`, `equals`, `to get`."""
    words = {token.text for token in tokens}
    if not words & _TRIGGERS:
        return tokens
    for pattern, sign in _PHRASES:
        for found in reversed(list(Keys(tokens).find(pattern))):
            first, last = tokens[found.first], tokens[found.last - 1]
            kind = "word" if sign in _VERBS else "relation"
            token = Token(kind, sign, first.start, last.end, spaced=True)  # type: ignore[arg-type]
            tokens = [*tokens[: found.first], token, *tokens[found.last :]]
    return tokens


_TRIGGERS = frozenset(
    {
        "than", "equal", "equals", "exceeds", "least", "most", "about", "approximately",
        "roughly", "almost", "nearly", "around", "same", "get", "gets", "give", "gives",
        "giving", "leave", "leaves", "which", "results", "resulting", "equivalent",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Link:
    relation: int
    left: Side | None
    right: Side | None


def relation_statements(tokens: list[Token], text: str, used: set[int]) -> list[Statement]:
    """Returns the statement of each relation, judged or not.

    Args:
        tokens: The tokens of a sentence.
        text: The plain text that they were read from.
        used: Positions of tokens that belong to other statements.
    """
    links: list[_Link] = []
    for at, token in enumerate(tokens):
        if at in used or not (token.kind == "relation" or token.text in _VERBS):
            continue
        after = at + 1
        if token.kind == "word" and tokens[after : after + 1] and tokens[after].text == "the":
            after += 1  # is the sum of
        left, right = left_side(tokens, at), right_side(tokens, after)
        if token.kind == "word" and not _is_result(tokens, left, right, token.text):
            continue
        if left is None and right is None and not _near_number(tokens, at):
            continue
        links.append(_Link(at, left, right))
    return [
        _statement(tokens, text, link, links[n + 1] if n + 1 < len(links) else None)
        for n, link in enumerate(links)
    ]


def _near_number(tokens: list[Token], at: int) -> bool:
    return any(t.kind == "number" for t in tokens[max(0, at - 1) : at + 2])


def _is_result(tokens: list[Token], left: Side | None, right: Side | None, verb: str) -> bool:
    """Tells whether a verb states the result of an operation: `3 plus 4 is 7`.

    Or a number is the value of a phrase: `9 is the largest of 3, 9 and 4`.
    """
    if left is None or right is None:
        return False
    if is_conversion(left, right):
        return verb in ("is", "are") and left.units != right.units and _ends(tokens, right.last)
    if bool(left.operations) == bool(right.operations):
        return False
    if right.operations:
        stated = tokens[right.first : right.last]
        computed = all(t.computed for t in stated) or [t.key for t in stated] in _SHARES
        return verb in ("is", "are") and left.clean and computed
    taken = tokens[left.first : left.last]
    if verb == "leaves" and not any(t.text == "-" or t.computed for t in taken):
        return False  # `17 / 5 leaves 2` states the remainder
    # `3/5 is 7 days away` is a date or a part, as is `5-7 is a range`; `3/8 is 0.375` is a value.
    spaced = any(t.kind == "operator" and (t.spaced or t.text == "*") for t in taken)
    decimal = bool(right.decimals) and not left.words and _ends(tokens, right.last)
    return spaced or decimal or any(t.computed or t.spelled for t in taken)


def _ends(tokens: list[Token], at: int) -> bool:
    """Tells whether a clause ends before a position."""
    return at == len(tokens) or tokens[at].kind == "end"


def _statement(tokens: list[Token], text: str, link: _Link, following: _Link | None) -> Statement:
    left, right = link.left, link.right
    sign = tokens[link.relation].text
    sign = "=" if sign in _VERBS else sign
    first = left.first if left else max(0, link.relation - 1)
    last = right.last if right else min(len(tokens), link.relation + 2)
    kind = Kind.ARITHMETIC if sign in "=≈" else Kind.COMPARISON
    shown = " ".join(text[tokens[first].start : tokens[last - 1].end].split())
    if left is None or right is None or not _claimed(tokens, text, left, right, kind):
        return Statement(kind, shown, None)
    if sign == "=" and is_conversion(left, right):
        converts, value = conversion_holds(left, right)
        why = f"it is {number_text(value)}" if converts is False else ""
        return Statement(kind, shown, converts, why)
    holds, right_value = _judged(left, right, sign)
    if holds is False and sign == "=" and _runs_on(left, right, following):
        holds = _consistent(right, following)
    if holds is False and (
        _is_uncertain(left, right)
        or (tokens[link.relation].kind == "relation" and _has_spelled_operator(tokens, right))
        or _after_a_dash(tokens, link, sign)
    ):
        holds = None  # `8 * 45 = 360 divided by 5`, `3 - 2 = 1/3 of 3`
    if holds is not False:
        return Statement(kind, shown, holds)
    expression = " ".join(text[tokens[left.first].start : tokens[left.last - 1].end].split())
    if kind is Kind.COMPARISON:
        why = f"{right_value} compared with {_other(left, right)}"
    elif left.operations:
        why = f"{expression} is {right_value}"
    elif not right.operations:
        why = f"{right_value} is not {_other(left, right)}"
    else:
        expression = " ".join(text[tokens[right.first].start : tokens[right.last - 1].end].split())
        why = f"{expression} is {_other(left, right)}"
    return Statement(kind, shown, False, why)


def _has_spelled_operator(tokens: list[Token], side: Side) -> bool:
    return any(t.spelled and t.kind == "operator" for t in tokens[side.first : side.last])


def _other(left: Side, right: Side) -> str:
    return next((number_text(b) for _, b in readings((left, right))), "")


def _goes_on(tokens: list[Token], text: str) -> bool:
    """Tells whether the line of a sentence continues an expression of the line before it."""
    return text[: tokens[0].start].rstrip().endswith(_OPERATORS)


def _claimed(tokens: list[Token], text: str, left: Side, right: Side, kind: Kind) -> bool:
    """Tells whether the solution claims that a relation between two sides holds."""
    operations = left.operations + right.operations
    if kind is Kind.ARITHMETIC:
        before = [t.text for t in tokens[max(0, left.first - 2) : left.first]]
        if _CLAIMS & set(before[-1:]) or (before[-1:] == ["that"] and _CLAIMS & set(before)):
            return False
        if is_conversion(left, right):
            led = left.clean or (bool(before) and before[-1] in _LEADING)
            # `1 hour and 30 minutes = 90 minutes`, `90 minutes = 1 hour 30 minutes`
            more = before[-1:] == ["and"] or any(
                t.kind == "number" or t.text == "and" for t in tokens[right.last : right.last + 1]
            )
            return led and not more and in_a_claim(tokens, left.first)
        if not operations:  # only the links of a chain, `x = 3 = 4`, and a line `3 = 4`
            chained = left.first > 0 and tokens[left.first - 1].kind == "relation"
            alone = left.first == 0 and right.last == len(tokens) and not _goes_on(tokens, text)
            if not (chained or alone) or left.words or right.words:
                return False
    elif not in_a_claim(tokens, left.first):
        return False
    if not left.operations and not left.clean:
        return False
    return not (not left.operations and left.words and right.words and not left.words & right.words)


def in_a_claim(tokens: list[Token], first: int) -> bool:
    """Tells whether no word of the clause before a position withdraws what follows it."""
    at = first
    while at > 0 and tokens[at - 1].kind != "end" and tokens[at - 1].text != "then":
        at -= 1
        if tokens[at].text in _UNSURE:
            return False
    return True


def _judged(left: Side, right: Side, sign: str) -> tuple[bool | None, str]:
    """Returns whether a relation holds in some reading, and the value of the left side."""
    holds: bool | None = False
    shown = ""
    found = False
    for a, b in readings((left, right)):
        found = True
        shown = shown or number_text(a)
        one = _compared(a, b, sign, left, right)
        if one:
            return True, shown
        if one is None:
            holds = None
    units = left.units | right.units
    mixed = len({dimension for dimension, _ in units}) < len(units)
    return (holds if found and not mixed else None), shown


def _compared(a: Fraction, b: Fraction, sign: str, left: Side, right: Side) -> bool | None:
    if sign == "=":
        return _equal(a, b, left, right)
    if sign == "≈":
        return _near(a, b, left, right)
    close = abs(a - b) * 100 <= max(abs(a), abs(b)) and not (left.operations + right.operations)
    tests = {"<": a < b, ">": a > b, "≤": a <= b, "≥": a >= b, "≠": a != b}
    return tests[sign] if tests[sign] or not close or left.decimals is not None else None


def _equal(a: Fraction, b: Fraction, left: Side, right: Side) -> bool | None:
    """Tells whether two sides are equal to the written precision; None if nobody can know.

    A result with decimals is rounded to half of its last digit. An integer may be the quotient of
    an integer division, or rounded: `17 / 5 = 3`, `0.15 * 45 = 7`.
    """
    if a == b:
        return True
    stated = right if right.decimals is not None else left
    decimals = stated.decimals
    off = abs(a - b)
    if decimals is None or (left.decimals is not None and right.decimals is not None):
        # Two expressions: their results may have been rounded before.
        fractional = a.denominator > 1 or b.denominator > 1
        return None if fractional and off * 100 <= max(abs(a), abs(b)) else False
    exact = a if stated is right else b
    last = Fraction(1, 10**decimals)
    if "%" in "".join(stated.pieces):
        last = max(last / 100, last if off * 2 > last else last / 100)
    if (exact / last).denominator == 1:
        return False
    if off * 2 <= last and decimals:
        return True
    rounded = b if stated is right else a
    if off < last and (not decimals or abs(rounded) < abs(exact)):
        return None
    return False


def _near(a: Fraction, b: Fraction, left: Side, right: Side) -> bool | None:
    """Tells whether a rounded result is right: to its last digit that is not 0."""
    off = abs(a - b)
    stated = right if right.decimals is not None else left
    if stated.decimals is None:
        return True if off * 100 <= abs(a) else None
    rounded = b if stated is right else a
    last = Fraction(1, 10**stated.decimals)
    while stated.decimals == 0 and rounded and (rounded / (last * 10)).denominator == 1:
        last *= 10
    if off <= last:
        return True
    return False if off * 10 > max(abs(a), abs(b)) else None


def _runs_on(left: Side, right: Side, following: _Link | None) -> bool:
    """Tells whether the right side begins with the left side's value and goes on: `= 7 + 2 = 9`."""
    if following is None or following.left is None or not right.operations:
        return False
    if following.left.first != right.first or following.left.last < right.last:
        return False
    leading = right.leading()
    return leading is not None and any(
        _equal(a, leading, left, right) is not False for a, _ in readings((left, right))
    )


def _consistent(right: Side, following: _Link | None) -> bool:
    """Tells whether the rest of a chain goes on as the misuse of the equals sign began.

    In `38 - 1 = 37 - 2 = 36 - 1` the first sign continues a result, so the second one claims that
    37 - 2 is 36. The second sign of `3 + 4 = 7 + 2 = 9` states a result in either reading.
    """
    if following is None or following.right is None or not following.right.operations:
        return True
    leading = following.right.leading()
    return leading is None or any(
        _equal(a, leading, right, following.right) is not False for a, _ in readings((right, right))
    )


def _is_uncertain(left: Side, right: Side) -> bool:
    """Tells whether an equation that does not hold may mean something else.

    `1/4 is equal to $15` is about a part of an amount, and so is `1% = 450 / 90`; `4 hours and 30
    minutes = 4 * 60 + 30` begins before its last number.
    """
    for side, other in ((left, right), (right, left)):
        if side.vague and (side.operations > 1 or not _is_small(other)):
            return True
        if side.has_percent and not side.operations and not other.has_percent:
            return True
    sides = (left, right)
    cents = [any(factor == _CENT for _, factor in side.units) for side in sides]
    dollars = [any(factor == 1 and d == _DOLLAR for d, factor in side.units) for side in sides]
    in_cents = cents[0] != cents[1] or dollars[0] != dollars[1]
    if in_cents and any(a * 100 == b or b * 100 == a for a, b in readings(sides)):
        return True  # 9/10 = 90 cents, $12.50 is equivalent to 100 * 12.50
    return not left.operations and bool(left.words)


def _is_small(side: Side) -> bool:
    """Tells whether a side is below 1, or a percentage."""
    return side.has_percent or all(0 < found < 1 for found, _ in readings((side, side)))


def _after_a_dash(tokens: list[Token], link: _Link, sign: str) -> bool:
    """Tells whether a relation holds for what follows a dash: `Monday 2 - 3 * 4 = 12`."""
    left, right = link.left, link.right
    assert left is not None and right is not None
    for at in range(left.last - 1, left.first, -1):
        token = tokens[at]
        if token.text == "-" and token.spaced and token.kind == "operator":
            rest = left_side(
                [*tokens[at + 1 : link.relation], tokens[link.relation]], link.relation - at - 1
            )
            return bool(rest and rest.operations and _judged(rest, right, sign)[0])
    return False
