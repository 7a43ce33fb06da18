"""The converter `equations`: the steps of a worked solution become the functions of a program.

A number that the problem states becomes an entry of `input`. A number that equals an earlier
result refers to that result. Any other number is a general constant (days in a week) and stays in
its step.
"""

import json
import keyword
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import NotConvertible, convert_seeds, executed_code_cots
from caco.text.arithmetic import (
    Expression,
    Number,
    literal,
    numbers,
    parse,
    python,
    spelled_out,
    value,
)
from caco.text.calculator_marks import MARK, without_marks
from caco.text.numbers import UNSIGNED, exact, is_number_word, mentions


@dataclass(frozen=True, slots=True)
class Equation:
    """One step of a worked solution.

    Attributes:
        tree: The expression.
        result: The result that the text states.
        decimals: The number of decimals of the stated result.
        line: The line of the equation, as prose.
        after: The text after the result. Its first noun names the result.
    """

    tree: Expression
    result: Fraction
    decimals: int
    line: str
    after: str


_RESULT = re.compile(rf"\s*(-?)\s*({UNSIGNED})")
_BULLET = re.compile(r"^\s*(?:[-•*]|\d+[.)])\s+")
_WORD = re.compile(r"(?:/\s*)?[^\W\d_][^\W\d_'’-]*\.?")  # noqa: RUF001
_PIECE = re.compile(rf"({UNSIGNED})|(\*\*|[-+*/()%^])|(\x00)|(\S)")
_NAME = re.compile(r"[a-z]{3,}")
# Words that follow a number and do not name what is counted, and names that are reserved by Python
# or by the Code CoT format.
_NO_NAME = frozenset(
    {
        "about", "after", "all", "also", "and", "another", "are", "because", "been", "before",
        "but", "can", "could", "each", "every", "for", "from", "had", "has", "have", "her", "him",
        "his", "how", "hundred", "into", "its", "less", "many", "more", "much", "off", "only",
        "other", "out", "per", "percent", "same", "she", "than", "that", "the", "their", "them",
        "then", "there", "they", "this", "times", "total", "was", "were", "which", "while", "who",
        "will", "with", "would",
        "abs", "dict", "find", "input", "int", "len", "list", "max", "min", "output", "print",
        "range", "round", "set", "step", "sum",
    }
)  # fmt: skip


def equations(solution: str) -> Iterator[Equation]:
    """Yields the equations of a worked solution.

    The calculator marks of a line are its equations. In a line without marks they are plain text.

    Raises:
        ValueError: A mark does not consist of an expression and a number.
    """
    for line in solution.splitlines():
        prose = _BULLET.sub("", without_marks(line)).strip()
        marks = list(MARK.finditer(line))
        if marks:
            yield from (_marked(line, mark, prose) for mark in marks)
        else:
            yield from _plain_equations(prose)


def _marked(line: str, mark: re.Match[str], prose: str) -> Equation:
    expression, stated = mark.groups()
    try:
        return Equation(
            tree=parse(expression.rpartition("=")[2]),
            result=value(parse(stated)),
            decimals=_decimals(stated),
            line=prose,
            after=line[mark.end() :].lstrip("0123456789.,$ "),
        )
    except ValueError as e:
        raise ValueError(f"the mark `{mark.group(0)[2:-2]}`: {e}") from None


def _plain_equations(line: str) -> Iterator[Equation]:
    """Yields the equations in a line of prose, without their units.

    `7 days/week * 5 weeks/month = 35 days/month` is 7 * 5 = 35. An equation that does not hold is
    left out, because prose uses the equals sign in other ways too.
    """
    for left, right in pairwise(spelled_out(line).split("=")):
        match = _RESULT.match(right)
        if match is None:
            continue
        sign, size = match.groups()
        result = exact(size) * (-1 if sign else 1)
        for text in (left, left.replace("%", "")):  # `5 / 20 * 100% = 25%` is 5 / 20 * 100 = 25
            tree = _trailing_expression(text)
            if tree is None:
                continue
            found = Equation(tree, result, _decimals(size), line, right[match.end() :])
            if holds(found):
                yield found
                break


def holds(equation: Equation) -> bool:
    """Tells whether an equation is true to the decimals of its result."""
    return abs(value(equation.tree) - equation.result) <= Fraction(1, 2 * 10**equation.decimals)


def stated_numbers(problem: str, computed: Container[Fraction] = ()) -> dict[Fraction, str]:
    """Returns the numbers that a problem states, in order, with a word that names what they count.

    A percentage `30%` is 30. `two dozen` states 24, 2 and 12. Signs are left to the solution.

    Args:
        problem: The text of the problem.
        computed: The results of the solution. 24 is not stated by `two dozen` if it is computed
            from 2 and 12.
    """
    found: dict[Fraction, str] = {}
    for mention in mentions(problem):
        derived = mention.parts and Fraction(mention.value) in computed
        for stated in mention.parts if derived else (mention, *mention.parts):
            after = problem[stated.end :]
            if problem[stated.start : stated.end].isdigit():
                after = after.removeprefix(".")  # the next sentence may name an integer
            name = name_in(after)
            found.setdefault(
                abs(Fraction(stated.value)), "percent" if stated.percent else name or "amount"
            )
    return found


def name_in(text: str) -> str | None:
    """Returns the first of the next four words of the sentence `text` that can name a quantity."""
    for word in re.split(r"\W+", re.split(r"[.?!;:]", text.lower())[0].strip())[:4]:
        if _NAME.fullmatch(word) and word not in _NO_NAME and not keyword.iskeyword(word):
            return None if is_number_word(word) else word
    return None


def _decimals(stated: str) -> int:
    return len(stated.partition(".")[2].strip())


def _trailing_expression(text: str) -> Expression | None:
    """Returns the expression of at least one operation that ends `text`, without its units."""
    pieces = [(m.lastindex, m.group(0)) for m in _PIECE.finditer(_WORD.sub("\x00", text))]
    for start in range(len(pieces)):
        taken: list[str] = []
        for at, (kind, piece) in enumerate(pieces[start:], start):
            if kind == 3:  # a unit may follow a number or a closing bracket, never an operator
                if not taken or not (taken[-1][-1].isdigit() or taken[-1] in (")", "%")):
                    break
                if at + 1 < len(pieces) and pieces[at + 1][0] == 1:
                    break
            elif kind == 4:
                break
            else:
                taken.append(piece)
        else:
            try:
                tree = parse(" ".join(taken))
                value(tree)
            except ValueError:
                continue
            if not isinstance(tree, Number):
                return tree
    return None


def code_cots(seeds: Iterable[Seed], sandbox: Sandbox) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    return executed_code_cots(convert_seeds(seeds, from_equations), "equations", sandbox)


def from_equations(seed: Seed) -> str:
    """Returns the seed's worked solution as a Code CoT.

    Raises:
        NotConvertible: The solution states no equation, or one that is unreadable or false.
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
    stated = stated_numbers(seed.problem, {equation.result for equation in steps})
    used = [n.value for e in steps for n in numbers(e.tree)]
    if not any(_as_stated(n, stated) for n in used):  # `input` must not be empty
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
    """Returns the stated number that `found` is, or the percentage: 30 for 0.3 if 30% is stated."""
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
        """Returns what a number refers to.

        An unused result has precedence over a stated number, and a stated number over a used
        result.

        Returns:
            The name of a parameter, or None for a constant; the argument of the step; and whether
            the argument is a percentage.
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
