"""Worked solutions as programs: the steps of a solution become the functions of a program.

Every number of the solution is aligned with what it refers to (`caco.stages.unify.alignment`). A
quantity of the question becomes an entry of `input`, a usual constant (minutes of an hour) a named
constant, and the result of an earlier step a variable.
"""

import ast
from collections.abc import Set
from dataclasses import dataclass

from caco.rows.seed import Seed
from caco.stages.unify.alignment import Ambiguous, Unexplained, align
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.program_text import program_text
from caco.stages.unify.stated_quantities import Quantity, stated_quantities
from caco.stages.unify.words import stems
from caco.stages.unify.worked_solution import Equation, equations, holds
from caco.text.arithmetic import value
from caco.text.calculator_marks import without_marks

_FEWEST_OPERATIONS = 2  # of a program that tells its problem from others
# Words that tell a solution rounds to the nearest integer.
_ROUNDING = frozenset(
    {"round", "rounded", "rounding", "nearest", "approximately", "roughly", "approximate"}
)


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted seed.

    Attributes:
        program: Its program.
        inputs: The quantity of the question that each key of `input` holds.
    """

    program: str
    inputs: dict[str, Quantity]


def program(seed: Seed) -> str | None:
    """Returns the program that a seed's worked solution states, or None if it states none.

    One operation is none: other problems have the same numbers by chance.
    """
    try:
        text = from_equations(seed)
    except NotConvertible:
        return None
    operations = sum(isinstance(node, ast.BinOp) for node in ast.walk(ast.parse(text)))
    return text if operations >= _FEWEST_OPERATIONS else None


def from_equations(seed: Seed) -> str:
    """Returns the seed's worked solution as a Code CoT.

    Raises:
        NotConvertible: See `converted`.
    """
    return converted(seed).program


def converted(seed: Seed) -> Converted:
    """Returns the seed's worked solution as a Code CoT, with the origin of its inputs.

    Raises:
        NotConvertible: The solution states no equation, or one that is unreadable or false
            (`not_convertible`); a number of it refers to nothing (`unexplained_constant`), or may
            refer to several things (`ambiguous`); no number of the question is used
            (`no_stated_number`).
    """
    if seed.solution is None:
        raise NotConvertible("the seed has no worked solution")
    try:
        steps = list(equations(seed.solution))
    except ValueError as e:
        raise NotConvertible(str(e)) from None
    if not steps:
        raise NotConvertible("the worked solution states no equation")
    words = frozenset(stems(f"{seed.problem} {without_marks(seed.solution)}"))
    for equation in steps:
        _check(equation, words)
    quantities = stated_quantities(seed.problem, {equation.result for equation in steps})
    try:
        alignment = align(seed.problem, steps, quantities, words)
    except Unexplained as e:
        raise NotConvertible(str(e), "unexplained_constant") from None
    except Ambiguous as e:
        raise NotConvertible(str(e), "ambiguous") from None
    program, inputs = program_text(seed.problem, steps, alignment, quantities)
    if not inputs:
        raise NotConvertible("its steps use no number of the question", "no_stated_number")
    return Converted(program, inputs)


def _check(equation: Equation, words: Set[str]) -> None:
    try:
        true = holds(equation)
    except ValueError as e:
        raise NotConvertible(f"an equation of `{equation.line}`: {e}") from None
    if not true:
        raise NotConvertible(f"an equation of `{equation.line}` does not hold")
    inexact = value(equation.tree) != equation.result
    if inexact and equation.result.denominator == 1 and not words & _ROUNDING:
        reason = f"the result of `{equation.line}` is rounded, up or down is not stated"
        raise NotConvertible(reason, "ambiguous")
