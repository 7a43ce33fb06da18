"""The check of a solution's steps: its statements about numbers are computed.

A right final answer can follow from a false step. This stage computes what a solution states about
numbers, exactly and without a model (`caco.statements`). It follows the judges, reads the text
alone and runs neither a grader nor a program, so that a changed reader re-runs no other check.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caco.config.generation import Check
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.statements.read import statements


def check_solutions(
    rows: Iterable[Solution], section: Check, progress: Progress | None = None
) -> Iterator[Solution | Rejected]:
    """Yields each row with its counts of statements, or its rejection (`false_statement`).

    Args:
        rows: Judged questions with solutions.
        section: Whether a false statement rejects its row.
        progress: Advances with each row.
    """
    for row in rows:
        found = statements(row.solution)
        false = [statement for statement in found if statement.holds is False]
        counted = replace(
            row,
            statements=len(found),
            checked_statements=sum(statement.holds is not None for statement in found),
            false_statements=len(false),
        )
        if false and section.false_statements:
            more = f"; {len(false) - 1} more" if len(false) > 1 else ""
            reason = f"`{false[0].text}` is false: {false[0].right}{more}"
            yield reject(row.row_id, "false_statement", reason, counted)
        else:
            yield counted
        if progress is not None:
            progress.add()
