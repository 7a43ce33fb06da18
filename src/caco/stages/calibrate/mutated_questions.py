"""Questions with one number changed, and the result of the program for the changed input."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from caco.answers.compare import compare_program
from caco.rows.calibration import Planted
from caco.sandbox.protocol import Sandbox, execute_in_order
from caco.stages.verify.source import Literal, Source, literal_input
from caco.text.numbers import standing_alone

_TRIES = 3  # changes of each row, because some do not change the result


@dataclass(frozen=True, slots=True)
class Change:
    """A number of a question, replaced by another one.

    Attributes:
        old, new: The number in the question, and its replacement.
        program: The program with the replacement in its input.
    """

    old: str
    new: str
    program: str

    def within(self, text: str) -> str:
        """Returns `text` with the new number wherever the old one stands alone."""
        return standing_alone(self.old).sub(self.new, text)

    def without(self, text: str) -> str:
        """Returns `text` with `some` in place of the old number."""
        return standing_alone(self.old).sub("some", text)


def changes(row: Planted, rng: Random) -> list[Change]:
    """Returns changes of single integers of the input that the question states exactly once."""
    literal = literal_input(Source(row.program))
    if literal is None:
        return []
    places = list(_places(literal.value))
    rng.shuffle(places)
    return list(islice(_changes(row, literal, places, rng), _TRIES))


def _changes(
    row: Planted, literal: Literal, places: Sequence[tuple[Any, ...]], rng: Random
) -> Iterator[Change]:
    for place in places:
        given = deepcopy(literal.value)
        at: Any = given
        for key in place[:-1]:
            at = at[key]
        old = at[place[-1]]
        new = old + rng.randint(1, max(3, abs(old) // 3)) * rng.choice((1, 1, -1))
        stated_once = len(standing_alone(str(old)).findall(row.question)) == 1
        if new >= 1 and stated_once and not standing_alone(str(new)).search(row.question):
            at[place[-1]] = new
            yield Change(str(old), str(new), literal.rewritten(given))


def moved(
    rows: Sequence[tuple[Planted, Sequence[Change]]], sandbox: Sandbox
) -> Iterator[tuple[Planted, Change, str]]:
    """Yields each row with its first change that changes the program's result, and the new result.

    Args:
        rows: The rows, each with its changes.
        sandbox: The sandbox that executes the changed programs.
    """
    tried = (((row, change), change.program) for row, found in rows for change in found)
    done: set[str] = set()
    for (row, change), execution in execute_in_order(sandbox, tried):
        if execution.output is None or row.question_id in done:
            continue
        if compare_program(execution.output, row.output).outcome == "different":
            done.add(row.question_id)
            yield row, change, execution.output


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the paths to the positive integers in an input, lists included."""
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    for key, item in items:
        if isinstance(item, int) and not isinstance(item, bool) and item >= 1:
            yield (*path, key)
        else:
            yield from _places(item, (*path, key))
