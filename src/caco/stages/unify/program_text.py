"""The text of a Code CoT: aligned steps as functions of named inputs."""

import json
import re
from collections.abc import Sequence
from fractions import Fraction

from caco.stages.unify.alignment import Computed, Scaling, Source, Stated
from caco.stages.unify.naming import Names, asked_noun, input_names, step_names
from caco.stages.unify.stated_quantities import Quantity
from caco.stages.unify.usual_constants import HUNDRED_PERCENT, Constant
from caco.stages.unify.worked_solution import Equation
from caco.text.arithmetic import Number, literal, python, value
from caco.text.numbers import UNSIGNED, exact

_MAX_STEPS = 3  # in one function
_NUMBER = re.compile(rf"(?:[$€£¥]\s*)?({UNSIGNED})%?")


def program_text(
    problem: str,
    steps: Sequence[Equation],
    alignment: Sequence[Sequence[Source]],
    quantities: Sequence[Quantity],
) -> tuple[str, dict[str, Quantity]]:
    """Returns the program of an aligned solution, and the quantity of each of its inputs.

    A step that the last one does not need is left out.
    """
    return _Program(problem, steps, alignment, quantities).written()


class _Program:
    def __init__(
        self,
        problem: str,
        steps: Sequence[Equation],
        alignment: Sequence[Sequence[Source]],
        quantities: Sequence[Quantity],
    ) -> None:
        self._steps, self._alignment, self._quantities = steps, alignment, quantities
        self._needed = self._needed_steps()
        names = Names()
        used = sorted(
            {s.quantity for at in self._needed for s in alignment[at] if isinstance(s, Stated)}
        )
        self._inputs = {index: names.first(input_names(quantities[index])) for index in used}
        asked = asked_noun(problem)
        last = len(steps) - 1
        self._results = {
            at: names.first(step_names(steps[at], asked if at == last else None))
            for at in self._needed
        }
        self._constants: dict[str, Fraction] = {}
        self._inexact = any(quantities[index].value.denominator != 1 for index in used)

    def written(self) -> tuple[str, dict[str, Quantity]]:
        given = {name: _plain(self._quantities[i].value) for i, name in self._inputs.items()}
        functions, calls = [], []
        for group in self._groups():
            function, call = self._function(group)
            functions.append(function)
            calls.append(f"{self._results[group[-1]]} = {call}")
        constants = "".join(f"{n} = {literal(v)}\n" for n, v in self._constants.items())
        result = self._results[len(self._steps) - 1]
        end = [*calls, f"output = {result}"]
        if self._inexact:
            name, _, call = calls[-1].partition(" = ")
            end = [
                *calls[:-1],
                f"{name} = round({call}, 6)",
                f"output = int({name}) if {name} == int({name}) else {name}",
            ]
        program = (
            f"input = {json.dumps(given)}\n"
            + (f"\n{constants}" if constants else "")
            + "\n\n"
            + "\n\n\n".join(functions)
            + "\n\n\n"
            + "\n".join([*end, "print(output)"])
            + "\n"
        )
        return program, {name: self._quantities[i] for i, name in self._inputs.items()}

    def _needed_steps(self) -> list[int]:
        """Returns the steps that lead to the last one."""
        needed, waiting = set(), [len(self._steps) - 1]
        while waiting:
            at = waiting.pop()
            if at not in needed:
                needed.add(at)
                waiting += [s.step for s in self._alignment[at] if isinstance(s, Computed)]
        return sorted(needed)

    def _groups(self) -> list[list[int]]:
        """Returns the steps of each function: a result that only the next step uses is local."""
        users: dict[int, set[int]] = {at: set() for at in self._needed}
        for at in self._needed:
            for source in self._alignment[at]:
                if isinstance(source, Computed):
                    users[source.step].add(at)
        groups: list[list[int]] = []
        for at in self._needed:
            if groups and users[groups[-1][-1]] == {at} and len(groups[-1]) < _MAX_STEPS:
                groups[-1].append(at)
            else:
                groups.append([at])
        return groups

    def _function(self, group: Sequence[int]) -> tuple[str, str]:
        """Returns a function and its call."""
        parameters: dict[str, str] = {}
        lines: list[str] = []
        for at in group:
            if text := comment(self._steps[at]):
                lines.append(f"# {text}")
            body = self._expression(at, group, parameters)
            lines.append(f"return {body}" if at == group[-1] else f"{self._results[at]} = {body}")
        name = f"find_{self._results[group[-1]]}"
        body = "\n".join(f"    {line}" for line in lines)
        return (
            f"def {name}({', '.join(parameters)}):\n{body}",
            f"{name}({', '.join(parameters.values())})",
        )

    def _expression(self, at: int, group: Sequence[int], parameters: dict[str, str]) -> str:
        step = self._steps[at]
        sources = iter(self._alignment[at])

        def atom(found: Number) -> tuple[str, int]:
            if not found.stated:
                self._inexact = True
                return self._constant(HUNDRED_PERCENT, found.value), 5
            match next(sources):
                case Stated(index, scaling):
                    name = self._inputs[index]
                    parameters.setdefault(name, f'input["{name}"]')
                    return self._scaled(name, scaling)
                case Computed(earlier, scaling):
                    name = self._results[earlier]
                    if earlier not in group:
                        parameters.setdefault(name, name)
                    return self._scaled(name, scaling)
                case Constant(value=value, name=name):
                    self._inexact |= value.denominator != 1
                    return (self._constant(name, value) if name else literal(value)), 5

        body = python(step.tree, atom)
        self._inexact |= "/" in body or "**" in body
        exact = value(step.tree)
        rounded = Fraction(repr(round(float(exact), step.decimals)))
        if exact != step.result and rounded == step.result:
            body = f"round({body}{f', {step.decimals}' if step.decimals else ''})"
        return body

    def _scaled(self, name: str, scaling: Scaling) -> tuple[str, int]:
        """Returns a scaled name as Python, and its precedence."""
        text, binds = name, 5
        if scaling.factor != 1 and scaling.constant:
            inverse = scaling.factor < 1
            number = 1 / scaling.factor if inverse else scaling.factor
            constant = self._constant(scaling.constant, number)
            text, binds = f"{name} {'/' if inverse else '*'} {constant}", 2
        if scaling.base is not None:
            base = literal(scaling.base)
            if scaling.base == 100:
                base = self._constant(HUNDRED_PERCENT, scaling.base)
            text, binds = f"{base} {'+' if scaling.sign > 0 else '-'} {text}", 1
        return text, binds

    def _constant(self, name: str, value: Fraction) -> str:
        self._constants[name] = value
        return name


def comment(step: Equation) -> str:
    """Returns what a solution says of a step, without numbers; empty if little remains."""
    before = re.split(r"(?<=[a-z)])[.;]\s+(?=[A-Z])", step.before)[-1]
    after = re.split(r"[.;](?:\s|$)", step.after)[0]
    text = f"{before} {after}"
    known = {step.result, *(number.value for number in step.operands)}
    text = _NUMBER.sub(lambda m: " " if exact(m[1]) in known else m[0], text)
    text = re.sub(r"\b[a-zA-Z]\s*=|[=$€£¥<>*÷×]|\(\s*\)|\s[-+/x]\s|(?<!\w)%", " ", text)  # noqa: RUF001
    text = re.sub(r"\s+([.,;:?!])", r"\1", " ".join(text.split()))
    text = re.sub(r"(?:,?\s*\b(?:because|so|is|are|was|were|of|by|for|to|and|that|which|means|be|a|"
                  r"the|equals|total of)\b)+[\s:,]*$", "", text.strip(" ,;:.-"))  # fmt: skip
    if re.search(r"\d", text) or len(re.findall(r"[A-Za-z]{2,}", text)) < 3:
        return ""
    return text[0].upper() + text[1:] + "."


def _plain(found: Fraction) -> int | float:
    return found.numerator if found.denominator == 1 else float(found)
