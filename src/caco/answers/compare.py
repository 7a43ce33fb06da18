r"""Comparison of two answers: equal, different, or undecided with a reason.

Equal means proven. What decides where notation alone does not:

- A percentage is also its hundredth only where the question or the known answer speaks of
  percent; without a question both are accepted.
- A unit that the known answer lacks must not contradict the unit that the question asks for.
- A known answer with 15 or more significant digits is a floating-point number, which stands for
  the numbers within its rounding error. Every other number is exact.
- The order of members counts, except in sets and in enumerations without brackets.
"""

import json
import re
from collections.abc import Sequence as Members
from dataclasses import replace
from fractions import Fraction

from caco.answers.model import (
    Answer,
    Choice,
    Expr,
    Mapping,
    Matrix,
    Num,
    Op,
    Quantity,
    Relation,
    Sequence,
    Sym,
    Text,
    Truth,
    Union,
    Unparsed,
)
from caco.answers.notation import same_notation
from caco.answers.numeric import near
from caco.answers.parser import parse, parse_output, variables
from caco.answers.quantities import PAIR
from caco.answers.relations import as_interval, as_set, compare_relations
from caco.answers.tolerance import with_errors
from caco.answers.units import CURRENCIES, DEGREE, ONE, RADIAN, Unit, unit
from caco.answers.values import (
    DIFFERENT,
    EQUAL,
    Comparison,
    are_degrees,
    compare_bases,
    compare_matrices,
    compare_numbers,
    computes,
    has_pi,
    scaled,
    to_degrees,
    to_radians,
    within,
)
from caco.text.numbers import about_percent

_ASKS_UNIT = re.compile(
    r"\b(?:how many|how much|number of|in|to the nearest|nearest)\s+(?:more |total |whole |full )?"
    r"((?:square |cubic )?[A-Za-z]+)",
    re.IGNORECASE,
)
_INTERVAL = re.compile(r"interval|domain|range|inequalit|solve for|solution set", re.IGNORECASE)
# Units are looked for in words of three letters or more: `in` and `ms` have other meanings.
_LONG_WORD = re.compile(r"[A-Za-z]{3,}")
_LATEX = re.compile(r"\\[A-Za-z]|[\^_]|\$[^$]*[A-Za-z=+][^$ ]*\$")  # `$` is no currency there
_MATHEMATICS = re.compile(r"\$[^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)
_SPOKEN = re.compile(r"\\(?:text|mbox|textrm|mathrm|rm)\s*\{([^}]*)\}")
_MONEY = {currency.dimension for currency in CURRENCIES.values()}
_MAX_MEMBERS = 200
_EXACT = Fraction(0)


def compare(
    gold: str,
    text: str,
    question: str | None = None,
    tolerance: Fraction = Fraction(0),
    errors: Members[Fraction] = (),
) -> Comparison:
    """Compares an answer with a known answer that a person wrote.

    Args:
        gold: The known answer, LaTeX or plain, without dollar signs around it.
        text: The answer.
        question: The question; None if it is not known.
        tolerance: Relative tolerance for decimals of the known answer; its integers, fractions
            and expressions are exact.
        errors: Absolute errors that the problem allows: one for every value of the known answer,
            or one for each of its members, in order.
    """
    if _squeezed(gold) == _squeezed(text) != "":
        return EQUAL
    known = parse(gold)
    answer = parse(text, variables(known))
    comparer = _Comparer(question, tolerance=tolerance)
    allowed = with_errors(known, errors) if errors else known
    found = comparer.compare(known if allowed is None else allowed, answer)
    if found.outcome == "undecided" and same_notation(gold, text):
        return EQUAL
    if allowed is None and found.outcome != "equal":
        return Comparison("undecided", f"the problem has {len(errors)} absolute errors")
    return found


def compare_output(output: str, text: str, question: str | None = None) -> Comparison:
    """Compares an answer with the output of a program.

    Args:
        output: The output as JSON.
        text: The answer.
        question: The question; None if it is not known.
    """
    known = parse_output(output)
    comparer = _Comparer(question, exact_case=True)
    return comparer.compare(known, parse(text, variables(known)))


def compare_program(output: str, known: str) -> Comparison:
    """Compares the output of a program with the known answer of its problem.

    The output is a floating-point number where the known answer may be a fraction, a root or a
    rounded decimal: it equals what it is within its rounding error, and a decimal that it rounds
    to. Its lists stand for tuples, sets and matrices.

    Args:
        output: The output as JSON.
        known: The known answer.
    """
    if output.strip() == known.strip() or f'"{known.strip()}"' == output.strip():
        return EQUAL
    gold = parse(known)
    value = parse_output(output)
    if isinstance(value, Text | Unparsed) and known.strip() == str(json.loads(output)).strip():
        return EQUAL
    return _Comparer(None, computed=True).compare(gold, value)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


class _Comparer:
    """Compares answers to one question."""

    def __init__(
        self,
        question: str | None,
        *,
        exact_case: bool = False,
        computed: bool = False,
        tolerance: Fraction = Fraction(0),
    ) -> None:
        """Stores what decides where notation does not.

        Args:
            question: The question, or None.
            exact_case: Whether the case of letters in texts counts.
            computed: Whether the answer is the output of a program rather than written.
            tolerance: Relative tolerance for known decimals.
        """
        self._tolerance = tolerance
        self._question, self._exact_case, self._computed = question, exact_case, computed
        self._percent_asked = question is not None and about_percent(question)
        self._intervals = question is None or bool(_INTERVAL.search(question))
        self._asked: list[Unit] = []
        for match in _ASKS_UNIT.finditer(question or ""):
            name = match[1].lower().split()
            found = unit(name[-1]) if len(name[-1]) > 1 and name[-1] != "in" else None
            if found is not None:
                power = {"square": 2, "cubic": 3}.get(name[0], 1) if len(name) > 1 else 1
                self._asked.append(ONE.times(found, power))
        named = {unit(word) for word in _LONG_WORD.findall(question or "")}
        plain = question if question and not _LATEX.search(question) else ""
        named |= {CURRENCIES[sign] for sign in CURRENCIES if sign in plain}
        named |= {CURRENCIES["$"]} if r"\$" in (question or "") else set()
        self._units = {found for found in named if found is not None}

    def compare(self, gold: Answer, answer: Answer) -> Comparison:
        """Compares two answers of any types and any depth."""
        try:
            return self.answers(gold, answer)
        except RecursionError:
            return Comparison("undecided", "it is nested too deeply")

    def answers(self, gold: Answer, answer: Answer) -> Comparison:
        """Compares two answers of any types."""
        match gold, answer:
            case Text(words=a), Text(words=b):
                return EQUAL if a == b or self._same_words(a, b) else DIFFERENT
            case Unparsed(text=a, reason=reason), Unparsed(text=b):
                if a == b:
                    return EQUAL
                return Comparison("undecided", f"neither is read whole: {reason}")
            case _, Unparsed(reason=reason):
                return Comparison("undecided", f"it is not read whole: {reason}")
            case Unparsed(reason=reason), _:
                return Comparison("undecided", f"the known answer is not read whole: {reason}")
            case Quantity(), Quantity():
                return self._quantities(gold, answer)
            case Sequence(), Sequence():
                return self._sequences(gold, answer)
            case Sequence(items=(single,)), _ if gold.opening != "(" or gold.closing != "]":
                return self.answers(single, answer)
            case _, Sequence(items=(single,)):
                return self.answers(gold, single)
            case Sequence(), Matrix():
                return self._rows(gold, answer)
            case Matrix(), Sequence():
                return self._rows(answer, gold)
            case Matrix(rows=a), Matrix(rows=b):
                return compare_matrices(a, b)
            case Relation(), Relation():
                return self._relations(gold, answer)
            case Relation(), (Sequence() | Union()):
                return self._interval(gold, answer)
            case ((Sequence() | Union()), Relation()):
                return self._interval(answer, gold)
            case Relation(), Quantity(name=name) if name:
                return compare_relations(gold, Relation((Sym(name), answer.expr), ("=",)))
            case Quantity(name=name), Relation() if name:
                return compare_relations(Relation((Sym(name), gold.expr), ("=",)), answer)
            case Union(items=a), Sequence(items=b, opening="") if _are_relations(b):
                return self._unordered(a, b)
            case Sequence(items=a, opening=""), Union(items=b) if _are_relations(a):
                return self._unordered(a, b)
            case Union(items=a), Union(items=b):
                return self._unordered(a, b)
            case Mapping(items=a), Mapping(items=b):
                if [key for key, _ in a] != [key for key, _ in b]:
                    return Comparison("different", "its keys differ")
                return self._ordered([value for _, value in a], [value for _, value in b])
            case Truth(), Truth():
                return EQUAL if gold == answer else DIFFERENT
            case Quantity(expr=Sym(name=letter)), Choice():
                return EQUAL if letter == answer.letter else DIFFERENT
            case Choice(), Quantity(expr=Sym(name=letter)):
                return EQUAL if letter == gold.letter else DIFFERENT
            case Choice(), Choice():
                return EQUAL if gold == answer else DIFFERENT
            case _:
                kinds = f"{_kind(answer)} is no {_kind(gold)}"
                return Comparison("different", kinds)

    def _same_words(self, gold: str, answer: str) -> bool:
        """Tells whether words are the same but for the case, where the case carries no meaning."""
        return (
            not self._exact_case
            and gold.casefold() == answer.casefold()
            and all(w.islower() or w.istitle() or w.isupper() for w in f"{gold} {answer}".split())
        )

    def _quantities(self, gold: Quantity, answer: Quantity) -> Comparison:
        if len(gold.name) == len(answer.name) == 1 and gold.name != answer.name:
            return Comparison("undecided", f"it is the value of {answer.name}")
        if gold.base is not None or answer.base is not None:
            return compare_bases(gold, answer)
        outcomes = [
            self._values(gold, replace(answer, expr=expr, scaled="", percent=False))
            for expr in self._readings(gold, answer)
        ]
        for outcome in ("equal", "undecided", "different"):
            for found in outcomes:
                if found.outcome == outcome:
                    return found
        raise AssertionError("an answer has a reading")

    def _readings(self, gold: Quantity, answer: Quantity) -> list[Expr]:
        """Returns the values that an answer may state, as the known answer writes its value."""
        expr = answer.expr
        readings = [expr]
        if len(answer.scaled) > 1 and (
            answer.scaled == PAIR
            if self._question is None
            else answer.scaled in self._question.lower()
        ):
            assert isinstance(expr, Op)
            readings.append(expr.args[0])  # how many million: 12 million
        if gold.scaled == PAIR and not answer.scaled:
            readings.append(Op("mul", (expr, Num(Fraction(2)))))
        hundredth = Op("div", (expr, Num(Fraction(100))))
        if answer.percent and not gold.percent:
            free = self._question is None or self._percent_asked
            readings = [*readings, hundredth] if free else [hundredth]
        elif gold.percent and not answer.percent:
            readings.append(Op("mul", (expr, Num(Fraction(100)))))
        return readings

    def _values(self, gold: Quantity, answer: Quantity) -> Comparison:
        if gold.unit is None or answer.unit is None:
            for letter in gold.letters + answer.letters:
                if not self._is_unit(letter, known=bool(gold.letters)):
                    return Comparison("undecided", f"{letter} may be a unit or a variable")
        expr = answer.expr
        if answer.unit is not None and gold.unit is not None:
            units = {answer.unit, gold.unit}
            if answer.unit.dimension == gold.unit.dimension:
                expr = scaled(expr, answer.unit.factor / gold.unit.factor)
            elif units == {DEGREE, RADIAN}:
                expr = to_degrees(expr) if gold.unit == DEGREE else to_radians(expr)
            elif not are_degrees(answer.unit, gold.unit):
                return Comparison("different", "its unit is another")
        elif answer.unit is not None and (asked := self._asked_like(answer.unit)) is not None:
            if answer.unit.dimension == asked.dimension:
                expr = scaled(expr, answer.unit.factor / asked.factor)
            elif not are_degrees(answer.unit, asked):
                return Comparison("undecided", "the question asks for another unit")
        elif DEGREE in (answer.unit, gold.unit) and (has_pi(gold.expr) or has_pi(expr)):
            expr = to_radians(expr) if answer.unit == DEGREE else to_degrees(expr)
        found = compare_numbers(gold.expr, expr)
        if self._computed and found.outcome != "equal" and computes(expr, gold.expr):
            return EQUAL
        if (
            self._tolerance
            and found.outcome != "equal"
            and within(expr, gold.expr, self._tolerance)
        ):
            return Comparison("equal", "it is within the benchmark's tolerance")
        if gold.error and found.outcome != "equal" and near(expr, gold.expr, _EXACT, gold.error):
            return Comparison("equal", "it is within the problem's absolute error")
        return found

    def _is_unit(self, letter: str, *, known: bool) -> bool:
        """Tells whether a letter after a number is a unit rather than a variable.

        In a known answer it is one where the question has it as one, in an answer unless the
        question has it as a variable.
        """
        question = self._question or ""
        plain, spoken = _MATHEMATICS.sub(" ", question), " ".join(_SPOKEN.findall(question))
        named = (
            unit(letter) in self._units
            or re.search(rf"(?:\d ?|\bin |\(){letter}\b", plain)
            or re.search(rf"\b{letter}\b", spoken)
        )
        if named or known:
            return bool(named)
        return not any(
            re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", found)
            for found in _MATHEMATICS.findall(question)
        )

    def _asked_like(self, found: Unit) -> Unit | None:
        """Returns the unit of the answer that the question asks for, or None if it names none.

        That is the last unit after `how many` or `in`, of the same kind if there are several, else
        the only unit of the same kind in the question. A currency is of the same kind as any other.
        """
        if self._asked:
            same = [asked for asked in self._asked if asked.dimension == found.dimension]
            return (same or self._asked)[-1]
        like = {u for u in self._units if u.dimension == found.dimension}
        if not like and found.dimension in _MONEY:
            like = {u for u in self._units if u.dimension in _MONEY}
        return next(iter(like)) if len(like) == 1 else (found if found in like else None)

    def _sequences(self, gold: Sequence, answer: Sequence) -> Comparison:
        if len(gold.items) != len(answer.items) and "" == gold.opening == answer.opening:
            gold, answer = _flat(gold), _flat(answer)  # p=5, q=2; p=7, q=2
        if len(gold.items) != len(answer.items):
            if len(gold.items) == 1 and gold.opening != "(":
                return self.answers(gold.items[0], answer)
            return Comparison("different", f"it has {len(answer.items)} members")
        if len(gold.items) > _MAX_MEMBERS:
            return self._ordered(gold.items, answer.items)
        a, b = gold.opening + gold.closing, answer.opening + answer.closing
        if {a, b} <= {"", "{}"} or (self._computed and (a == "" or "{}" in (a, b))):
            return self._unordered(gold.items, answer.items)
        found = self._ordered(gold.items, answer.items)
        if a == b or not gold.items:
            return found
        if "{}" in (a, b):
            return Comparison("different", "one is a set")
        if "" in (a, b):
            if {a, b} & {"(]", "[)"}:
                return Comparison("different", "one is an interval")
            if a == "" and found.outcome != "equal":
                return Comparison("undecided", "the order of its members may not count")
            return found
        if {a, b} == {"()", "[]"}:
            lists = gold.is_list or answer.is_list or not self._intervals
            if found.outcome != "equal" or lists or len(gold.items) > 2:
                return found
            return Comparison("undecided", "its brackets may be those of an interval")
        return Comparison("different", "its brackets are others")

    def _ordered(self, gold: Members[Answer], answer: Members[Answer]) -> Comparison:
        undecided: Comparison | None = None
        for known, found in zip(gold, answer, strict=True):
            comparison = self.answers(known, found)
            if comparison.outcome == "different":
                return comparison
            if comparison.outcome == "undecided":
                undecided = undecided or comparison
        return undecided or EQUAL

    def _unordered(self, gold: Members[Answer], answer: Members[Answer]) -> Comparison:
        """Compares members in any order: each equals exactly one of the others."""
        if len(gold) != len(answer):
            return Comparison("different", f"it has {len(answer)} members")
        rest = list(answer)
        undecided: Comparison | None = None
        for known in gold:
            for index, found in enumerate(rest):
                comparison = self.answers(known, found)
                if comparison.outcome == "equal":
                    del rest[index]
                    break
                if comparison.outcome == "undecided":
                    undecided = comparison
            else:
                return undecided or Comparison("different", "a member is missing")
        return EQUAL

    def _rows(self, sequence: Sequence, matrix: Matrix) -> Comparison:
        rows = []
        for item in sequence.items:
            cells = item.items if isinstance(item, Sequence) else (item,)
            if not all(isinstance(cell, Quantity) for cell in cells):
                return Comparison("different", "one is a matrix")
            rows.append(tuple(cell.expr for cell in cells if isinstance(cell, Quantity)))
        flat = len(matrix.rows) == 1 and all(len(row) == 1 for row in rows)
        if flat:
            rows = [tuple(cell for (cell,) in rows)]
        return compare_matrices(tuple(rows), matrix.rows)

    def _relations(self, gold: Relation, answer: Relation) -> Comparison:
        a, b = as_interval(gold), as_interval(answer)
        several = len(gold.operators) > 1 or len(answer.operators) > 1
        if several and a is not None and b is not None:
            if (a.opening, a.closing) != (b.opening, b.closing):
                return Comparison("different", "its bounds are others")
            return self._ordered(a.items, b.items)
        return compare_relations(gold, answer)

    def _interval(self, relation: Relation, answer: Sequence | Union) -> Comparison:
        if (union := as_set(relation)) is not None:
            return self.answers(union, answer)
        interval = as_interval(relation)
        if interval is None or isinstance(answer, Union):
            return Comparison("undecided", "one is a relation")
        if answer.is_list or answer.opening not in ("(", "["):
            return Comparison("undecided", "one is a relation")
        if (interval.opening, interval.closing) != (answer.opening, answer.closing):
            return Comparison("different", "the ends of the interval differ")
        return self._ordered(interval.items, answer.items)


def _flat(sequence: Sequence) -> Sequence:
    """Returns an enumeration without the enumerations in it."""
    items: list[Answer] = []
    for item in sequence.items:
        items += _flat(item).items if isinstance(item, Sequence) and not item.opening else (item,)
    return Sequence(tuple(items))


def _are_relations(items: Members[Answer]) -> bool:
    return bool(items) and all(isinstance(item, Relation) for item in items)


def _kind(answer: Answer) -> str:
    return {
        "Quantity": "value", "Sequence": "list", "Union": "union", "Matrix": "matrix",
        "Relation": "equation or inequality", "Mapping": "object", "Truth": "truth value",
        "Choice": "choice", "Text": "text",
    }.get(type(answer).__name__, "answer")  # fmt: skip
