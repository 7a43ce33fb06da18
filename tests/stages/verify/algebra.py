"""What a converted program computes, as a formula: whether a rejection of it is right."""

import sympy

from caco.stages.verify.literal import literal_input
from caco.stages.verify.rules import Source


def formula(program: str) -> sympy.Expr | None:
    """Returns `output` in terms of the inputs, in lowest terms; rounding is left out.

    None where a program does what has no formula.
    """
    literal = literal_input(Source(program))
    if literal is None:
        return None
    names: dict[str, object] = {
        "given": {key: sympy.Symbol(key, positive=True) for key in literal.value},
        "round": lambda value, decimals=0: value,
        "print": lambda *values: None,
    }
    try:
        exec(f"{literal.before}given{literal.after}", names)  # our own converter wrote it
        return sympy.simplify(sympy.nsimplify(names["output"], rational=True))
    except (TypeError, ValueError, ZeroDivisionError, NameError):
        return None


def computes_nothing(program: str) -> bool:
    """Tells whether the formula is a constant or one input alone."""
    found = formula(program)
    return found is not None and (found.is_number or found.is_Symbol)
