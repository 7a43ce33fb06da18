"""The rejected rows of a source or a benchmark, for its log and its message on too few rows."""

from collections import Counter

from caco.rows.rejected import Rejected


class Rejections:
    """Counts rejected rows by verdict, and holds the first reason."""

    def __init__(self) -> None:
        """Starts with no row."""
        self._counts: Counter[str] = Counter()
        self._first = ""

    def add(self, row: Rejected, condition: str = "") -> None:
        """Counts a row.

        Args:
            row: The row.
            condition: The condition that it does not meet, where they are counted apart.
        """
        self._first = self._first or f"{row.verdict}, {row.reason}"
        self._counts[f"{row.verdict} {condition}".rstrip()] += 1

    def print(self, what: str) -> None:
        """Prints a line for each verdict; `what` names the source or the benchmark."""
        for verdict, count in self._counts.items():
            print(f"{what}: {count:,} rows are {verdict}")

    def cause(self, accepted: int) -> str:
        """Returns the end of a message on too few rows; empty if there is no cause to tell.

        Args:
            accepted: The number of the other rows.
        """
        if not self._counts:
            return "" if accepted else "; no row was found"
        counts = ", ".join(f"{verdict} {n:,}" for verdict, n in self._counts.most_common())
        return f"; rejected rows: {counts} (the first: {self._first})"
