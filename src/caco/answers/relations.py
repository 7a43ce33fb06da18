"""Equations and inequalities: their comparison, and the sets that inequalities describe."""

from caco.answers.model import Expr, Op, Quantity, Relation, Sequence, Sym, Union
from caco.answers.numeric import ratio, symbols
from caco.answers.values import DIFFERENT, EQUAL, Comparison

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def compare_relations(gold: Relation, answer: Relation) -> Comparison:
    """Compares equations or inequalities: the differences of their sides are proportional."""
    if len(gold.operators) != 1 or len(answer.operators) != 1:
        return Comparison("undecided", "a relation has several signs")
    left, right = (Op("add", (r.sides[0], Op("neg", (r.sides[1],)))) for r in (gold, answer))
    if set(symbols(left)) != set(symbols(right)):
        return Comparison("different", "its variables are others")
    sign = ratio(left, right)
    if sign is None:
        return Comparison("undecided", "the values cannot be computed")
    if sign == 0:
        return Comparison("undecided", "they are not proportional")
    expected = gold.operators[0] if sign > 0 else _FLIPPED[gold.operators[0]]
    return EQUAL if answer.operators[0] == expected else DIFFERENT


def as_interval(relation: Relation) -> Sequence | None:
    """Returns the interval of `a < x <= b` or `x > a`, or None for another relation."""
    sides, operators = relation.sides, relation.operators
    infinity = Op("inf", ())
    if len(sides) == 2 and isinstance(sides[1], Sym):
        sides, operators = sides[::-1], (_FLIPPED[operators[0]],)
    if len(sides) == 2 and isinstance(sides[0], Sym):
        end = Quantity(sides[1])
        match operators[0]:
            case "<" | "<=" as sign:
                low = Quantity(Op("neg", (infinity,)))
                return Sequence((low, end), "(", ")" if sign == "<" else "]")
            case ">" | ">=" as sign:
                return Sequence((end, Quantity(infinity)), "(" if sign == ">" else "[", ")")
        return None
    if len(sides) == 3 and _is_unknown(sides[1]):
        if operators[0] in (">", ">="):
            sides, operators = sides[::-1], tuple(_FLIPPED[o] for o in operators[::-1])
        if set(operators) <= {"<", "<="}:
            return Sequence(
                (Quantity(sides[0]), Quantity(sides[2])),
                "(" if operators[0] == "<" else "[",
                ")" if operators[1] == "<" else "]",
            )
    return None


def as_set(relation: Relation) -> Sequence | Union | None:
    """Returns the set of `a <= |z| < b` or `|z| > a`, or None for another relation."""
    inner = tuple(s.args[0] if isinstance(s, Op) and s.name == "abs" else s for s in relation.sides)
    if sum(x is not y for x, y in zip(inner, relation.sides, strict=True)) != 1:
        return None
    interval = as_interval(Relation(inner, relation.operators))
    if interval is None:
        return None
    low, high = interval.items
    if not isinstance(low, Quantity) or not isinstance(high, Quantity):
        return None
    minus = [Quantity(Op("neg", (end.expr,))) for end in (high, low)]
    flipped = {"(": ")", "[": "]", ")": "(", "]": "["}
    if len(relation.sides) == 2 and low.expr == Op("neg", (Op("inf", ()),)):
        return Sequence((minus[0], high), flipped[interval.closing], interval.closing)
    mirrored = Sequence(tuple(minus), flipped[interval.closing], flipped[interval.opening])
    return Union((mirrored, interval))


def _is_unknown(expr: Expr) -> bool:
    return isinstance(expr, Sym) or (isinstance(expr, Op) and expr.name.startswith("f:"))
