"""Alignment: what each number of a worked solution refers to.

A number refers to a quantity of the question, to the result of an earlier step, or to a usual
constant. The value alone does not decide: two quantities may be equal, and a result may equal a
quantity. An alignment links every number of the solution. The evidence is the words beside the
numbers, their order, and that a solution uses what it computes and what the question states.
Alignments that compute the same function of the quantities are one reading of the solution. If the
evidence for the best reading is hardly better than for the next one, the solution is ambiguous.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random

from caco.identity import request_seed
from caco.stages.unify.stated_quantities import Quantity
from caco.stages.unify.usual_constants import (
    FACTORS,
    HUNDRED_PERCENT,
    Constant,
    conversions,
    less_usual,
    units_of,
    usual,
)
from caco.stages.unify.words import content, listed, stems
from caco.stages.unify.worked_solution import Equation
from caco.text.arithmetic import Expression, Negative, Number, Operation, numbers
from caco.text.numbers import UNSIGNED, exact, mentions

_UNIT_END = re.compile(
    r"[\d.,;=*+×÷]|\s[-x/]\s|\b(?:at|for|and|from|in|on|so|to|with|than)\b"  # noqa: RUF001
)
_MAX_ALIGNMENTS = 5_000
# Words that speak of what is left of a whole, or of a changed whole.
_COMPLEMENT = listed(
    """left leave remain remaining rest other not off discount less lower fewer reduce decrease more
    increase raise higher tax tip interest grow gain loss lose extra additional bigger larger"""
)
_DIGIT = re.compile(r"\d")
_PER = re.compile(r"\s*(?:\bper|/)\s*[^\W\d_]+")  # the unit of a rate is not what is counted
_PARTS = frozenset({"half", "halve", "halved", "halving", "halfway", "third", "quarter", "fifth"})
_MARGIN = 1.5  # of evidence between the best reading and the next one
_POINTS = 2  # at which two alignments are compared


class Unexplained(Exception):
    """A number of a solution that refers to nothing; the message says which."""


class Ambiguous(Exception):
    """A solution with several readings; the message says which number may refer to what."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a solution writes a quantity: as `factor` times it, or as 1 or 100 minus or plus that.

    Attributes:
        factor: The factor.
        constant: The name of the constant that is the factor or its inverse, or None.
        base: What the scaled quantity is added to; None without a sum.
        sign: 1 or -1, of the scaled quantity in the sum.
    """

    factor: Fraction = Fraction(1)
    constant: str | None = None
    base: Fraction | None = None
    sign: int = 1

    def of(self, value: Fraction) -> Fraction:
        """Returns the scaled value."""
        scaled = value * self.factor
        return scaled if self.base is None else self.base + self.sign * scaled


_AS_IT_IS = Scaling()


@dataclass(frozen=True, slots=True)
class Stated:
    """A reference to a quantity of the question, by its index."""

    quantity: int
    scaling: Scaling = _AS_IT_IS


@dataclass(frozen=True, slots=True)
class Computed:
    """A reference to the result of an earlier step, by its index."""

    step: int
    scaling: Scaling = _AS_IT_IS


Source = Stated | Computed | Constant


def align(
    problem: str, steps: Sequence[Equation], quantities: Sequence[Quantity], words: frozenset[str]
) -> list[list[Source]]:
    """Returns what each number of each step refers to, in the order of `Equation.operands`.

    Args:
        problem: The question.
        steps: The equations of the solution.
        quantities: The quantities that the question states.
        words: The stems of question and solution, which decide on usual constants.

    Raises:
        Unexplained: A number is neither stated, nor computed by an earlier step, nor usual.
        Ambiguous: The evidence does not decide between two readings.
    """
    return _Alignment(problem, steps, quantities, words).best()


class _Alignment:
    def __init__(
        self,
        problem: str,
        steps: Sequence[Equation],
        quantities: Sequence[Quantity],
        words: frozenset[str],
    ) -> None:
        self._steps, self._quantities, self._words = steps, quantities, words
        self._factors = sum(word in FACTORS for word in stems(problem))
        self._places = [
            (at, place) for at, e in enumerate(steps) for place in range(len(e.operands))
        ]
        self._sources = [list(self._candidates(*place)) for place in self._places]
        if not all(self._sources):  # a solution that needs general knowledge uses it elsewhere too
            for (at, place), sources in zip(self._places, self._sources, strict=True):
                sources += self._general_knowledge(at, place)
        for (at, place), sources in zip(self._places, self._sources, strict=True):
            if not sources:
                number = self._steps[at].operands[place].value
                raise Unexplained(
                    f"{_plain(number)} in `{self._steps[at].line}` is neither stated, nor computed "
                    "by an earlier step, nor a usual constant"
                )
        rng = Random(request_seed("align", *[str(q.value) for q in quantities]))
        self._values = [
            [Fraction(rng.randint(10**3, 10**4), rng.randint(10**2, 10**3)) for _ in quantities]
            for _ in range(_POINTS)
        ]

    def best(self) -> list[list[Source]]:
        if math.prod(map(len, self._sources)) > _MAX_ALIGNMENTS:
            raise Ambiguous("its numbers have too many readings")
        readings: dict[tuple[Fraction | None, ...], tuple[float, tuple[Source, ...]]] = {}
        links = [[self._link(p, s, some) for s in some]
                 for p, some in zip(self._places, self._sources, strict=True)]  # fmt: skip
        for chosen in itertools.product(*[range(len(some)) for some in self._sources]):
            alignment = tuple(some[i] for some, i in zip(self._sources, chosen, strict=True))
            score = sum(link[i] for link, i in zip(links, chosen, strict=True))
            score += self._usage(alignment)
            function = self._function(alignment)
            if function not in readings or readings[function][0] < score:
                readings[function] = score, alignment
        ranked = sorted(readings.values(), key=lambda found: -found[0])
        best_score, best = ranked[0]
        if len(ranked) > 1 and best_score - ranked[1][0] < _MARGIN:
            raise Ambiguous(self._difference(best, ranked[1][1]))
        return self._by_step(best)

    def _by_step(self, alignment: Sequence[Source]) -> list[list[Source]]:
        found: list[list[Source]] = [[] for _ in self._steps]
        for (at, _), source in zip(self._places, alignment, strict=True):
            found[at].append(source)
        return found

    def _candidates(self, at: int, place: int) -> Iterator[Source]:
        """Yields what a number may refer to."""
        found = self._steps[at].operands[place].value
        for index, quantity in enumerate(self._quantities):
            for scaling in _scalings(quantity, self._words):
                if scaling.of(quantity.value) == found:
                    yield Stated(index, scaling)
                    break
        for step in range(at - 1, -1, -1):
            result = self._steps[step].result
            if result == found:
                yield Computed(step)
            elif result == found * 100 and "%" in self._steps[step].line:
                yield Computed(step, Scaling(Fraction(1, 100), HUNDRED_PERCENT))
        yield from usual(found, self._words)
        if found in (0, 1):
            yield Constant(found, None, frozenset())

    def _general_knowledge(self, at: int, place: int) -> Iterator[Source]:
        """Yields what a number may be that the text alone does not explain."""
        return less_usual(self._steps[at].operands[place].value, self._words)

    def _link(self, where: tuple[int, int], source: Source, others: Sequence[Source]) -> float:
        """Returns the evidence that a number refers to a source, from words and order."""
        at, place = where
        step = self._steps[at]
        context = step.contexts[place]
        near = set(content(_without_currency(context.after))[:3])
        near |= set(stems(context.before)[-1:]) & {"$"}
        if not near - {"$"}:
            near |= _beside(step.line, step.operands[place].value)
        rated = step.line if isinstance(source, Constant) else _PER.sub("", step.line)
        line = set(content(rated))
        result_unit = content(step.after)[:1] if not _PER.match(step.after) else []
        head, beside, far = self._words_of(source)
        heads: set[str] = set()  # words of the other sources
        besides: set[str] = set()
        fars: set[str] = set()
        for other in others:
            if other != source:
                other_head, other_beside, other_far = self._words_of(other)
                heads |= other_head
                besides |= other_head | other_beside
                fars |= other_head | other_beside | other_far
        score = 1.5 * len(near & head - heads) + 0.7 * len(near & head & heads)
        score += 0.8 * min(2, len(near & beside - head))
        score += 0.4 * min(1, len(near & far - beside - head))
        score += 1.0 * min(2, len(line & head - heads - {"$", "%"}))
        score += 0.6 * min(2, len(line & beside - head - besides))
        score += 0.3 * min(3, len(line & far - beside - head - fars))
        additive = _operator_at(step.tree, place) in ("+", "-")
        if additive and head & set(result_unit):  # the terms of a sum have its unit
            score += 0.8
        match source:
            case Stated(index, scaling):
                quantity = self._quantities[index]
                score += self._kind(step, near, quantity, scaling)
                if quantity.factor:
                    score += -2.0 if additive else 2.0
                if quantity.difference:
                    score += 1.0 if additive else -1.0
            case Computed(earlier, _):
                score += 1.6 if earlier == at - 1 else 0.3
            case Constant(value, name, spoken, general):
                score += self._constant_link(step, place, value, name, spoken, others)
                if general and spoken & line:  # `The dogs have 5 * 4 = 20.`
                    score += 1.0
        return score

    def _constant_link(
        self,
        step: Equation,
        place: int,
        value: Fraction,
        name: str | None,
        spoken: Set[str],
        others: Sequence[Source],
    ) -> float:
        """Returns the evidence that a number is a usual constant."""
        context = step.contexts[place]
        beside = set(stems(f"{context.before} {context.after}"))
        divides = _operator_at(step.tree, place) == "/"
        if name == HUNDRED_PERCENT:
            return 3.0 if divides or "%" in beside else -1.0
        if name:
            restated = any(
                isinstance(other, Stated)
                and len(self._quantities[other.quantity].near & spoken) > 1
                for other in others
            )
            added = _operator_at(step.tree, place) in ("+", "-")  # a conversion multiplies
            score = (1.0 if beside & spoken else 0.0) - (2.0 if restated else 0.0)
            return score - (1.0 if added else 0.0)
        if value in (0, 1):
            return -1.0
        if _operator_at(step.tree, place) in ("+", "-"):  # a factor in words multiplies
            return -1.5
        worded = spoken & set(stems(step.line))
        if worded & _PARTS:
            return 2.0 if divides or value.denominator > 1 else 0.0
        if worded and not divides:
            return 1.5
        return 0.0 if spoken & (FACTORS | (_PARTS if divides else set())) else -1.0

    def _kind(self, step: Equation, near: set[str], quantity: Quantity, scaling: Scaling) -> float:
        """Returns the evidence that a quantity of a kind (percent, money, fraction) is used."""
        score = 0.5 if scaling == _AS_IT_IS else 0.0
        if quantity.definite:  # `the two of them` counts what is listed
            score -= 0.8
        if scaling.base is not None and not _COMPLEMENT & set(
            stems(f"{step.line} {quantity.after}")
        ):
            score -= 0.8
        if scaling.base == 100 and "%" not in near and not _is_per_cent(step):
            score -= 2.0
        if quantity.percent and scaling == _AS_IT_IS and "%" not in near:
            score -= 0.0 if _is_per_cent(step) else 3.0
        if not quantity.percent and "%" in near:
            score -= 1.0
        if "$" in near and "$" not in quantity.head and not quantity.cents:
            score -= 1.5
        elif near - {"$"} and "$" not in near and "$" in quantity.head:
            score -= 0.5
        return score

    def _words_of(self, source: Source) -> tuple[set[str], set[str], set[str]]:
        """Returns the stems of what a source counts, those beside it, and those of its sentence."""
        match source:
            case Stated(index, _):
                quantity = self._quantities[index]
                return set(quantity.head), set(quantity.near), set(quantity.sentence)
            case Computed(step, _):
                equation = self._steps[step]
                after, before = content(equation.after), content(equation.before)
                return set(after[:1]), set(after[1:4] + before[-4:]), set(content(equation.line))
            case Constant(words=words):
                return set(words), set(), set()

    def _usage(self, alignment: Sequence[Source]) -> float:
        """Returns the evidence from what is used, and in which order."""
        results = {s.step for s in alignment if isinstance(s, Computed)}
        unused = len(self._steps) - 1 - len(results - {len(self._steps) - 1})
        stated = {self._quantities[s.quantity].mention for s in alignment if isinstance(s, Stated)}
        needed = {
            q.mention: 1.0 if q.worded else 2.0  # more words than digits count what is listed
            for q in self._quantities
            if not q.optional and not q.definite
        }
        idle = sum(weight for mention, weight in needed.items() if mention not in stated)
        order = [s.quantity for s in alignment if isinstance(s, Stated)]
        ascending = sum(a <= b for a, b in itertools.pairwise(order))
        repeated = 0.0
        for step, sources in zip(self._steps, self._by_step(alignment), strict=True):
            inputs = [source.quantity for source in sources if isinstance(source, Stated)]
            repeated += 2.0 * (len(inputs) - len(set(inputs)))
            computed = [source.step for source in sources if isinstance(source, Computed)]
            repeated += 2.5 * (len(computed) - len(set(computed)))
            if len(sources) == 2 and all(self._quantities[i].difference for i in inputs):
                repeated += 2.0 * (len(inputs) == 2)  # a difference is added to what it is from
            if _is_money(step) and _operator_at(step.tree, 0) == "*":  # one price, not two
                prices = sum("$" in self._quantities[i].head for i in inputs)
                repeated += 0.8 * abs(prices - 1)
            parts = {i for i in inputs if self._quantities[i].fraction}
            for part in parts:
                mention = self._quantities[part].mention
                complete = any(self._quantities[i].mention == mention for i in parts - {part})
                repeated += -1.0 if complete else 2.5
        uses = [source.step for source in alignment if isinstance(source, Computed)]
        repeated += 0.5 * (len(uses) - len(set(uses)))
        repeated += 0.3 * (len(order) - len(set(order)))
        once = [i for i in order if self._quantities[i].difference or self._quantities[i].factor]
        repeated += 1.5 * (len(once) - len(set(once)))
        repeated += 1.5 * max(0, self._factors - sum(map(_is_factor, alignment)))
        return -3.0 * unused - idle - repeated + 0.2 * ascending

    def _function(self, alignment: Sequence[Source]) -> tuple[Fraction | None, ...]:
        """Returns the values of the last step for random quantities: equal for equal functions."""
        return tuple(self._last_value(alignment, values) for values in self._values)

    def _last_value(
        self, alignment: Sequence[Source], values: Sequence[Fraction]
    ) -> Fraction | None:
        results: list[Fraction] = []
        sources = iter(alignment)

        def number(_: Number) -> Fraction:
            match next(sources):
                case Stated(quantity, scaling):
                    return scaling.of(values[quantity])
                case Computed(step, scaling):
                    return scaling.of(results[step])
                case Constant(value=value):
                    return value

        try:
            for step in self._steps:
                results.append(_evaluated(step.tree, number))
        except (ArithmeticError, TypeError, ValueError):  # a root of a negative number
            return None
        return results[-1]

    def _difference(self, one: Sequence[Source], other: Sequence[Source]) -> str:
        for (at, place), a, b in zip(self._places, one, other, strict=True):
            if a != b:
                number = self._steps[at].operands[place].value
                return (
                    f"{_plain(number)} in `{self._steps[at].line}` may be {self._named(a)} or "
                    f"{self._named(b)}"
                )
        raise AssertionError("two readings differ in a number")

    def _named(self, source: Source) -> str:
        match source:
            case Stated(index, _):
                quantity = self._quantities[index]
                return f"the number at character {quantity.start} of the question"
            case Computed(step, _):
                return f"the result of step {step + 1}"
            case Constant(name=name):
                return f"the constant {name}" if name else "a usual constant"


def _scalings(quantity: Quantity, words: frozenset[str]) -> Iterator[Scaling]:
    """Yields how a solution may write a quantity."""
    yield _AS_IT_IS
    per_cent = Fraction(1, 100)
    if quantity.percent:
        yield Scaling(per_cent, HUNDRED_PERCENT)
        for sign in (-1, 1):
            yield Scaling(per_cent, HUNDRED_PERCENT, Fraction(1), sign)
            yield Scaling(Fraction(1), HUNDRED_PERCENT, Fraction(100), sign)
    if quantity.cents:
        yield Scaling(per_cent, "CENTS_PER_DOLLAR")
    if quantity.dozens:
        yield Scaling(Fraction(12), "DOZEN")
    after = set(stems(quantity.after)[:2])
    for number, name, unit, larger in conversions(words):
        if units_of(unit) & after:
            yield Scaling(1 / number, name)
        if units_of(larger) & after:
            yield Scaling(number, name)


def _is_money(step: Equation) -> bool:
    """Returns whether the result of a step is an amount of money."""
    numbers_after_sign = re.finditer(rf"[$€£¥]\s*({UNSIGNED})", step.line)
    return any(exact(match[1]) == step.result for match in numbers_after_sign)


def _is_per_cent(step: Equation) -> bool:
    """Returns whether a step computes with per cents as they are, and not as fractions."""
    values = [number.value for number in step.operands]
    if Fraction(1, 100) in values:
        return True
    for place, number in enumerate(values):
        if number == 100 and _operator_at(step.tree, place) == "/":
            return True
    spoken = stems(f"{step.after.split('.')[0]} {' '.join(c.after for c in step.contexts)}")
    return bool({"%", "percent", "percentage"} & set(spoken))


def _is_factor(source: Source) -> bool:
    """Returns whether a source is a factor in words, such as the 2 of "twice"."""
    return isinstance(source, Constant) and source.name is None and bool(source.words & FACTORS)


def _evaluated(tree: Expression, number: Callable[[Number], Fraction]) -> Fraction:
    match tree:
        case Number(found, stated):
            return number(tree) if stated else found
        case Negative(operand):
            return -_evaluated(operand, number)
        case Operation(operator, left, right):
            a, b = _evaluated(left, number), _evaluated(right, number)
            match operator:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b
                case _:
                    return _power(a, b)
    raise AssertionError(tree)


def _power(a: Fraction, b: Fraction) -> Fraction:
    return a ** int(b) if b.denominator == 1 and abs(b) < 64 else Fraction(float(a) ** float(b))


def _operator_at(tree: Expression, place: int) -> str:
    """Returns the operator of a stated number, empty without one; `/` is that of a divisor."""
    target = [number for number in numbers(tree) if number.stated][place]

    def within(node: Expression) -> str:
        match node:
            case Operation(operator, left, right):
                if right is target:
                    return operator
                if left is target:
                    return "*" if operator == "/" else operator
                return within(left) or within(right)
            case Negative(operand):
                return "-" if operand is target else within(operand)
            case _:
                return ""

    return within(tree)


@lru_cache(maxsize=256)
def _beside(line: str, value: Fraction) -> frozenset[str]:
    """Returns the stems after a number where a line mentions it with a noun."""
    found: set[str] = set()
    worded = [m for m in mentions(line) if not _DIGIT.match(line, m.start) and m.value == value]
    digits = [m for m in re.finditer(UNSIGNED, line) if exact(m.group()) == value]
    spans = [(m.start, m.end) for m in worded] + [m.span() for m in digits]
    for start, end in spans:
        after = _UNIT_END.split(line[end:])[0]
        found.update(content(_without_currency(after))[:2])
        found.update(set(stems(line[:start][-2:])[-1:]) & {"$"})
    return frozenset(found)


def _without_currency(text: str) -> str:
    """Returns a text without the currency sign of the number after it."""
    return text.rstrip().rstrip("$€£¥")


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else repr(float(number))
