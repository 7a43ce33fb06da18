"""The judge's second check: question and program speak of the same problem.

A question is grounded in its program if it states every value of the program's `input`, as often as
the program has it, and no quantity besides. The solver sees the question alone, so a value that is
missing makes it unsolvable, and a quantity that the program does not know makes it another problem,
whose answer agrees with the program's by chance.

A number may also be idle (`caco.stages.reverse.idle_numbers`) or repeat an earlier one
(`caco.stages.reverse.quantities`). An operation that the question has in a word needs its number in
the program (`caco.stages.reverse.worded_operations`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from caco.stages.reverse.idle_numbers import Roles
from caco.stages.reverse.input_uses import Uses
from caco.stages.reverse.input_values import pattern, read_input, values
from caco.stages.reverse.quantities import (
    Statement,
    larger_parts,
    quantities,
    too_few,
    too_many,
)
from caco.stages.reverse.stated_lists import counts_things, in_another_order, lists, wrong_count
from caco.stages.reverse.worded_operations import missing_operations
from caco.text.numbers import Mention, Reading, mentions

_AROUND = 30  # characters of the question before and after a number that a reason quotes
_REASONS = 5  # numbers that a reason names

# How a question says that a number is negative.
_NEGATIVE = re.compile(
    r"\b(?:minus|negative|below|beneath|under\w*|loss(?:es)?|los[et]s?|debts?|owe[sd]?|owing|overdr\w+"
    r"|deficit|down\w*|drop\w*|f[ae]ll\w*|decreas\w+|descen\w+|declin\w+|reduc\w+|before|bc|bce"
    r"|withdr\w+|sp[ea]nds?|spent|pa(?:ys?|id)|expens\w+|costs?|cold\w*|less|fewer|deep|depth|s[aiu]nks?"
    r"|div(?:es?|ed|ing)|basement|behind|back\w*|left|west|south|subtract\w*|opposite|penalt\w+"
    r"|remov\w+|takes?|took|gives?|gave)\b|(?<![\w)\]])[-\u2212]\s?[$\d]",
    re.IGNORECASE,
)


def ungrounded(question: str, input_json: str, program: str) -> str | None:
    """Returns why a question is not grounded in its program's input, or None if it is.

    Numbers are compared as numbers (1,000 is 1000; 3 is 3.0; 25% may be 0.25). The sign is left to
    the sentence, which must have a word for it: an input of -5 may be a loss of 5, and x - 5 may
    come of an input of 5. A number
    is read in one way: one 25% does not state both 25 and 0.25. Texts are compared without regard
    to case and spacing. Truth values and null need not be stated.

    Args:
        question: The problem's text.
        input_json: The executed `input`, as JSON.
        program: The program's text. A quantity that it holds once and uses twice may be stated
            twice.

    Returns:
        The numbers of the question that are no input, each with the words around it; the values of
        the input that the question does not state, each with its place; the values that it states
        too often or not often enough; operations in words that the program has not; a part that is
        larger than its whole; the lists whose items it has in another order; and a count of listed
        numbers that is wrong.
    """
    read = read_input(input_json)
    held = list(values(read))
    texts = {v: path for path, v in reversed(held) if isinstance(v, str) and v.strip()}
    plain = question
    for text in sorted(sorted(texts), key=len, reverse=True):
        if not re.search(pattern(text), question):
            return f"the question does not state the input {text!r}{_at(texts[text])}"
        if any(c.isdigit() for c in text) or mentions(text):
            # Numbers inside an input's own text are not numbers of the question.
            plain = re.sub(pattern(text), lambda found: " " * len(found[0]), plain)
    numbers = [(path, v.copy_abs()) for path, v in held if isinstance(v, Decimal)]
    inputs = {value: path for path, value in reversed(numbers)}
    times = Counter(value for _, value in numbers)
    listed = list(lists(read))
    lengths = {len(items) for _, items in listed}
    found = mentions(plain)
    roles = Roles(plain, found)
    uses = Uses(program)
    known: list[tuple[Mention, list[Reading]]] = []
    extra: list[Mention] = []
    for mention in found:
        unsigned = [frozenset(v.copy_abs() for v in reading) for reading in mention.readings]
        if possible := [reading for reading in unsigned if reading <= inputs.keys()]:
            known.append((mention, possible))
        elif len(extra) < _REASONS and not (
            roles.idle(mention)
            or (mention.value in lengths and counts_things(plain, mention))
            or (mention.excused and uses.constants[mention.value])  # `one more` and `left + 1`
        ):
            extra.append(mention)
    stated = _stated(known, times)
    all_stated = {value for statement in stated for value in statement.values}
    reasons = [
        f"the question states {number.value}, which is no input, in "
        f"`{_around(question, *number.span)}`"
        for number in extra
    ] + [
        f"the question does not state the input {value}{_at(path)}"
        for value, path in inputs.items()
        if value not in all_stated
    ]
    signed = {v.copy_abs(): v for _, v in held if isinstance(v, Decimal) and v < 0}
    sentences = [(roles.span(one.number), one.values) for one in stated]
    reasons += [
        f"the question states {size}, and the input is {value}{_at(inputs[size])}"
        for size, value in signed.items()
        if size in all_stated
        and not any(size in v and _NEGATIVE.search(question, *span) for span, v in sentences)
    ]
    reasons += _more_often(plain, stated, roles, numbers, uses)
    reasons += [
        f"the question states the input {value}{_at(inputs[value])} {_often(count)}, and the "
        f"program holds it {_often(times[value])}"
        for value, count in too_few(plain, stated, times, roles)
    ]
    reasons += [
        f"the question has `{_around(plain, *span)}`, and the program has no such number"
        for span in missing_operations(plain, found, inputs, uses.constants, uses.doubles)
    ]
    reasons += [
        f"the question has {part.value} of {whole.value} in `{_around(plain, *part.span)}`"
        for whole, part in larger_parts(plain, found, roles)
    ]
    reasons += [
        f"the question lists the items of `{path}` in another order"
        for path, items in listed
        if in_another_order(question, stated, items)
        and not uses.order_free(_key(path), texts=isinstance(items[0], str))
    ]
    if counted := wrong_count(plain):
        reasons.append(
            f"the question lists {counted[1]} numbers in `{_around(question, *counted[0].span)}`"
        )
    return "; ".join(reasons[:_REASONS]) or None


def _stated(
    known: Iterable[tuple[Mention, list[Reading]]], times: Counter[Decimal]
) -> list[Statement]:
    """Returns the statements if each number is read in one of its known ways, in their order.

    A number with several readings has the one that states most of what no other number states.
    """
    counts: Counter[Decimal] = Counter()
    stated: list[Statement] = []
    for number, readings in sorted(known, key=lambda pair: len(pair[1])):
        reading = max(readings, key=lambda r: sum(counts[value] < times[value] for value in r))
        counts.update(reading)
        stated.append(Statement(number, reading))
    return sorted(stated, key=lambda statement: statement.number.start)


def _more_often(
    question: str,
    stated: Iterable[Statement],
    roles: Roles,
    numbers: Sequence[tuple[str, Decimal]],
    uses: Uses,
) -> list[str]:
    """Returns the reasons for values that are stated as more quantities than the program has."""
    times = Counter(value for _, value in numbers)
    own = quantities(question, stated, roles)
    if not any(too_many(own, times)):
        return []
    return [
        f"the question states {value} as more quantities than the program has, in "
        f"`{_around(question, *number.span)}`"
        for value, number in too_many(own, _allowed(numbers, uses))
    ]


def _allowed(numbers: Iterable[tuple[str, Decimal]], uses: Uses) -> Counter[Decimal]:
    """Returns how many quantities a program may hold as each value.

    These are the uses of the inputs with the value (an item of a list is one), and its constants,
    of which 0.2 may be 20%.
    """
    allowed: Counter[Decimal] = Counter()
    for path, value in numbers:
        allowed[value] += 1 if path.endswith("]") else max(1, uses.of[_key(path)])
    for constant, count in uses.constants.items():
        allowed[abs(constant)] += count
        if abs(constant) < 1:
            allowed[abs(constant) * 100] += count
    return allowed


def _key(path: str) -> str:
    """Returns the last key of a path: `prices` of `shop.prices[2]`."""
    return re.sub(r"(?:\[\d+\])+$", "", path).rpartition(".")[2]


def _often(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _at(path: str) -> str:
    return f" (`{path}`)" if path else ""


def _around(text: str, start: int, end: int) -> str:
    """Returns the words around a part of a text."""
    before = text[max(0, start - _AROUND) : start]
    after = text[end : end + _AROUND]
    if start > _AROUND:
        before = before.partition(" ")[2]
    if len(text) > end + _AROUND:
        after = after.rpartition(" ")[0]
    return " ".join(f"{before}{text[start:end]}{after}".split())
