"""Conditions on the rows of a source: `solve_rate < 0.3`, `language in ["python", "en"]`.

A condition is an expression of Python with names, constants, comparisons, `and`, `or` and `not`. A
text that is a number, as in CSV, is compared with a number as one.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from caco.stages.seeds.fields import Column, Malformed

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}


class Filter:
    """A condition that a row must meet.

    Attributes:
        text: The condition.
        columns: The columns that it reads.
    """

    def __init__(self, text: str) -> None:
        """Parses a condition.

        Raises:
            ValueError: It is not one.
        """
        self.text = text
        self.columns: list[Column] = []
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"`{text}` is not a condition") from None
        self._meets = self._compile(tree)
        if not self.columns:
            raise ValueError(f"`{text}` names no column")

    def meets(self, row: Mapping[str, Any]) -> bool:
        """Returns whether a row meets the condition.

        Raises:
            Malformed: Its values cannot be compared.
        """
        try:
            return bool(self._meets(row))
        except TypeError:
            values = ", ".join(f"`{c.name}` is {c.value(row)!r:.40}" for c in self.columns)
            raise Malformed(f"{values}, so that `{self.text}` cannot be decided") from None

    def _compile(self, node: ast.expr) -> Callable[[Mapping[str, Any]], Any]:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self._compile(value) for value in values]
                every = all if isinstance(op, ast.And) else any
                return lambda row: every(part(row) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                part = self._compile(operand)
                return lambda row: not part(row)
            case ast.Compare(left=left, ops=ops, comparators=right) if all(
                type(op) in _COMPARISONS for op in ops
            ):
                compare = [_COMPARISONS[type(op)] for op in ops]
                sides = [self._compile(side) for side in (left, *right)]
                return lambda row: _holds(compare, [side(row) for side in sides])
            case ast.Name() | ast.Attribute() | ast.Subscript():
                column = Column(ast.unparse(node))
                self.columns.append(column)
                return column.value
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise ValueError(
                f"`{ast.unparse(node)}` of `{self.text}` is neither a column, a constant, a "
                "comparison, `and`, `or` nor `not`"
            ) from None
        return lambda row: value


def _holds(compare: list[Callable[[Any, Any], bool]], values: list[Any]) -> bool:
    pairs = zip(compare, values, values[1:], strict=False)
    return all(one(*_alike(left, right)) for one, left, right in pairs)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Returns two values, a text as its number beside a number: every value of CSV is a text."""
    several = right if isinstance(right, list | tuple | set) else [right]
    if isinstance(left, str) and any(_is_number(one) for one in several):
        return _number(left), right
    return left, _number(right) if isinstance(right, str) and _is_number(left) else right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
