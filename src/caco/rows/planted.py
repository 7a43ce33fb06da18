"""Planted rows: solutions of which it is known whether they are right."""

from dataclasses import dataclass

from caco.rows.solution import Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted(Solution):
    """A solution that the checks are tried on; they see it as any other.

    Attributes:
        kind: A key of `caco.calibrate.kinds.KINDS`: what was done to a known-right row.
        right_id: The `question_id` of that row.
    """

    kind: str
    right_id: str
