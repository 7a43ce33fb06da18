"""The formula that a converted program computes, to check whether its rejection is right."""

import sympy

from caco.stages.verify.source import Source, literal_input


def formula(program: str) -> sympy.Expr | None:
    """Returns `output` as a simplified expression of the inputs, without rounding.

    None where the program has no formula.
    """
    literal = literal_input(Source(program))
    if literal is None:
        return None
    names: dict[str, object] = {
        "inputs": {key: sympy.Symbol(key, positive=True) for key in literal.value},
        "round": lambda value, decimals=0: value,
        "int": lambda value: value,
        "print": lambda *values: None,
    }
    try:
        exec(f"{literal.before}inputs{literal.after}", names)  # trusted: the converter generated it
        return sympy.simplify(sympy.nsimplify(names["output"], rational=True))
    except (TypeError, ValueError, ZeroDivisionError, NameError):
        return None


def has_trivial_formula(program: str) -> bool:
    """Returns whether the formula is a constant or a single input."""
    expression = formula(program)
    return expression is not None and (expression.is_number or expression.is_Symbol)
