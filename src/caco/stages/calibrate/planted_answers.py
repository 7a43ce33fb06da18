"""Planted answers: the final statements of every kind that applies to a known answer."""

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random

from caco.identity import request_seed
from caco.rows.calibration import Planted
from caco.stages.calibrate.notations import NOTATIONS
from caco.stages.calibrate.shapes import SHAPED
from caco.stages.calibrate.stated import Stated, Statement, boxed, known_number
from caco.stages.calibrate.statements import RIGHT_STATEMENTS, WRONG_STATEMENTS
from caco.stages.calibrate.wrong_numbers import WRONG_NUMBERS

# Planted answers of each known-right row. About 250 kinds apply to a row, and the LLM judge reads
# every planted row.
_PER_ROW = 40

STATEMENTS: Mapping[str, Statement] = {
    **{kind: boxed(form) for kind, form in NOTATIONS.items()},
    **RIGHT_STATEMENTS,
    **{kind: boxed(form) for kind, form in WRONG_NUMBERS.items()},
    **WRONG_STATEMENTS,
    **SHAPED,
}


def statements(row: Planted, steps: str, seed: int) -> dict[str, Stated]:
    """Returns the final statements of every kind that applies to a known-right row.

    Args:
        row: The row; there are none for an answer that is no number.
        steps: Its worked solution without the final statement.
        seed: The seed of the draws. Each kind has its own, so that a new kind changes no other.
    """
    known = known_number(row.question, steps, row.answer)
    if known is None:
        return {}
    drawn = {
        kind: statement(known, Random(request_seed("plant", seed, row.right_id, kind)))
        for kind, statement in STATEMENTS.items()
    }
    return {kind: stated for kind, stated in drawn.items() if stated is not None}


class Rotation:
    """Chooses kinds for one row after another, so that every kind gets about as many rows."""

    def __init__(self, seed: int) -> None:
        """Starts without rows.

        Args:
            seed: The seed of the order of kinds that have equally many rows.
        """
        self._seed = seed
        self._rows: Counter[str] = Counter()

    def chosen(self, row: Planted, found: Mapping[str, Stated]) -> Iterator[tuple[str, Stated]]:
        """Yields the statements of the kinds that have the fewest rows so far."""

        def rank(kind: str) -> tuple[int, int]:
            return self._rows[kind], request_seed("rotation", self._seed, row.right_id, kind)

        for kind in sorted(found, key=rank)[:_PER_ROW]:
            self._rows[kind] += 1
            yield kind, found[kind]
