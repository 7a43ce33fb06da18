"""Counts of the statements in a corpus's solutions, for the data card and the report."""

from dataclasses import dataclass
from pathlib import Path

from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows


@dataclass(frozen=True, slots=True)
class StatementCounts:
    """The columns of `CorpusRow` on statements, summed over a corpus.

    Attributes:
        rows: Number of rows.
        rows_checked: Rows with at least one statement that was computed.
        found, checked, false: Statements.
    """

    rows: int
    rows_checked: int
    found: int
    checked: int
    false: int

    @property
    def summary(self) -> str:
        """The counts in one sentence."""
        share = f"{self.checked / self.found:.1%}" if self.found else "none"
        return (
            f"{self.found:,} statements about numbers were found in the solutions of {self.rows:,} "
            f"rows; {self.checked:,} ({share}) were computed, in {self.rows_checked:,} rows; "
            f"{self.false:,} of these are false."
        )


def statement_counts(corpus: Path) -> StatementCounts:
    """Returns the counts of a corpus.

    Raises:
        UserError: The file is unreadable.
    """
    rows = rows_checked = found = checked = false = 0
    for row in read_rows(corpus, CorpusRow):
        rows += 1
        rows_checked += bool(row.checked_statements)
        found += row.statements or 0
        checked += row.checked_statements or 0
        false += row.false_statements or 0
    return StatementCounts(rows, rows_checked, found, checked, false)
