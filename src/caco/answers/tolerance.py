"""Absolute errors of known answers, which a problem states beside them."""

from collections.abc import Sequence as Members
from dataclasses import replace
from fractions import Fraction

from caco.answers.model import Answer, Quantity, Sequence, Union


def with_errors(known: Answer, errors: Members[Fraction]) -> Answer | None:
    """Returns a known answer whose values have the absolute errors of a problem.

    Args:
        known: The known answer.
        errors: One error for all values, or one for each member, in order.

    Returns:
        The answer; None if there are several errors and another number of members.
    """
    if len(errors) == 1:
        return _with_error(known, errors[0])
    if not isinstance(known, Sequence) or len(known.items) != len(errors):
        return None
    pairs = zip(known.items, errors, strict=True)
    return replace(known, items=tuple(_with_error(item, error) for item, error in pairs))


def _with_error(known: Answer, error: Fraction) -> Answer:
    match known:
        case Quantity():
            return replace(known, error=error)
        case Sequence(items=items) | Union(items=items):
            return replace(known, items=tuple(_with_error(item, error) for item in items))
        case _:
            return known
