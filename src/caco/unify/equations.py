"""The converter `equations`: the steps of a worked solution become the functions of a program.

A number that the problem states becomes an entry of `input`; one that equals an earlier result
refers to that result; any other is a constant of the world (days in a week) and stays in its step.
"""

import json
from fractions import Fraction

from caco.rows.seed import Seed
from caco.unify.conversion import NotConvertible
from caco.unify.expression import Number, literal, numbers, python, value
from caco.unify.stated import (
    Equation,
    equations,
    holds,
    name_in,
    stated_numbers,
)


def from_equations(seed: Seed) -> str:
    """Returns the seed's worked solution as a Code CoT.

    Raises:
        NotConvertible: The solution states no equation, or one that cannot be read or is false.
    """
    if seed.solution is None:
        raise NotConvertible("the seed has no worked solution")
    try:
        steps = list(equations(seed.solution))
    except ValueError as e:
        raise NotConvertible(str(e)) from None
    if not steps:
        raise NotConvertible("the worked solution states no equation")
    for equation in steps:
        _check(equation)
    stated = stated_numbers(seed.problem)
    used = [n.value for e in steps for n in numbers(e.tree)]
    if not any(_as_stated(n, stated) for n in used):  # `input` may not be empty
        stated = dict.fromkeys(used, "amount")
    return _Program(stated).written(steps)


def _check(equation: Equation) -> None:
    try:
        true = holds(equation)
    except ValueError as e:
        raise NotConvertible(f"an equation of `{equation.line}`: {e}") from None
    if not true:
        raise NotConvertible(f"an equation of `{equation.line}` does not hold")


def _as_stated(found: Fraction, stated: dict[Fraction, str]) -> Fraction | None:
    """Returns the stated number that `found` is, or is as a percentage: 0.3 where 30% is stated."""
    if found in stated:
        return found
    return found * 100 if stated.get(found * 100) == "percent" else None


class _Program:
    """A program under construction, one step at a time."""

    def __init__(self, stated: dict[Fraction, str]) -> None:
        self._stated = stated
        self._inputs: dict[Fraction, str] = {}
        self._results: list[tuple[Fraction, str]] = []
        self._unused: set[str] = set()
        self._names: set[str] = set()

    def written(self, steps: list[Equation]) -> str:
        functions, calls, line = [], [], ""
        for equation in steps:
            name, function, call = self._step(equation, new_line=equation.line != line)
            line = equation.line
            functions.append(function)
            calls.append(f"{name} = {call}")
        given = {name: _plain(number) for number, name in self._inputs.items()}
        return (
            f"input = {json.dumps(given)}\n\n\n"
            + "\n\n\n".join(functions)
            + "\n\n\n"
            + "\n".join([*calls, f"output = {name}", "print(output)"])
            + "\n"
        )

    def _step(self, equation: Equation, new_line: bool) -> tuple[str, str, str]:
        """Returns a step's name, its function and the call of it."""
        parameters: dict[str, str] = {}

        def atom(found: Number) -> tuple[str, int]:
            name, argument, per_cent = self._referred(found.value)
            if name is None:
                return literal(found.value), 5
            parameters[name] = argument
            return (f"{name} / 100", 2) if per_cent else (name, 5)

        body = python(equation.tree, atom)
        exact = value(equation.tree)
        rounded = Fraction(repr(round(float(exact), equation.decimals)))
        if exact != equation.result and rounded == equation.result:
            body = f"round({body}{f', {equation.decimals}' if equation.decimals else ''})"
        name = self._new_name(name_in(equation.after) or "step")
        self._results.append((equation.result, name))
        self._unused.add(name)
        comment = f"    # {' '.join(equation.line.split())}\n" if new_line else ""
        function = f"def find_{name}({', '.join(parameters)}):\n{comment}    return {body}"
        return name, function, f"find_{name}({', '.join(parameters.values())})"

    def _referred(self, found: Fraction) -> tuple[str | None, str, bool]:
        """Returns what a number stands for.

        A result that no step has used yet comes first, then a stated number, then any result.

        Returns:
            A name, or None where the number stands for itself; what the step is called with; and
            whether that is a percentage.
        """
        same = [name for result, name in self._results if result == found]
        for name in reversed(same):
            if name in self._unused:
                self._unused.discard(name)
                return name, name, False
        stated = _as_stated(found, self._stated)
        if stated is not None and (stated == found or not same):
            if stated not in self._inputs:
                self._inputs[stated] = self._new_name(self._stated[stated])
            name = self._inputs[stated]
            return name, f'input["{name}"]', stated != found
        if same:
            return same[-1], same[-1], False
        return None, "", False

    def _new_name(self, word: str) -> str:
        name, count = word, 1
        while name in self._names:
            count += 1
            name = f"{word}_{count}"
        self._names.add(name)
        return name


def _plain(found: Fraction) -> int | float:
    return found.numerator if found.denominator == 1 else float(found)
