"""Lengths of the texts beside those of the seeds, and the tokens of what the models generated."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from caco.reports.funnel import Counted
from caco.reports.page.tables import NONE, Cell, Table, columns, numbers, text
from caco.reports.quality.difficulties import Distribution, distribution
from caco.rows.table import read_columns

# The texts by stage: their kind, the stage and the column, in the order of the table.
_TEXTS = (
    ("problem", "seeds", "problem"),
    ("problem", "question", "question"),
    ("problem", "corpus", "instruction"),
    ("solution", "seeds", "solution"),
    ("solution", "solution", "solution"),
    ("solution", "corpus", "output"),
    ("program", "unify", "program"),
    ("program", "sample", "program"),
    ("program", "verify", "program"),
    ("program", "corpus", "code"),
)
_TO_THE_LIMIT = "length"  # the reason for which a text ended


def lengths_table(files: Mapping[str, Sequence[Path]]) -> Table:
    """Returns the lengths of the accepted texts of each stage, in characters.

    Args:
        files: The result of `caco.reports.quality.quality.accepted_files`.
    """
    rows: list[Sequence[Cell]] = []
    for kind, stage, column in _TEXTS:
        counts: Counter[int] = Counter()
        for path in files.get(stage, ()):
            counts.update(_counted(pc.utf8_length(read_columns(path, (column,))[column])))
        if counts:
            rows.append([kind, stage, *_cells(distribution(counts), counts)])
    return Table(
        "Characters of the texts by stage",
        [text("Text"), text("Stage"), *numbers("Texts", "Mean", "Median", "90% at most",
                                               "Longest")],
        rows,
    )  # fmt: skip


def tokens_table(counted: Iterable[Counted]) -> Table:
    """Returns the tokens of all that models generated, also of what became no row."""
    tokens: dict[str, Counter[int]] = {}
    to_the_limit: Counter[str] = Counter()
    for job in counted:
        rule = job.record.rule
        name = f"answers of {job.record.identity}" if rule == "answer" else f"replies of {rule}"
        for path in job.accepted if rule in ("sample", "answer") else job.replies:
            found = read_columns(path, ("tokens", "finish_reason"))
            tokens.setdefault(name, Counter()).update(_counted(found["tokens"]))
            to_the_limit[name] += found["finish_reason"].to_pylist().count(_TO_THE_LIMIT)
    rows = [
        [name, *_cells(distribution(counts), counts),
         f"{sum(value * n for value, n in counts.items()):,}",
         f"{to_the_limit[name] / counts.total():.1%}"]
        for name, counts in tokens.items()
        if counts
    ]  # fmt: skip
    return Table(
        "Tokens that were generated",
        columns("Texts of", "Texts", "Mean", "Median", "90% at most", "Longest", "All tokens",
                "Ended at the limit"),
        rows,
    )  # fmt: skip


def _counted(lengths: Any) -> dict[int, int]:
    """Returns how often each length occurs in a column; null is left out."""
    found = pc.value_counts(lengths).to_pylist()
    return {one["values"]: one["counts"] for one in found if one["values"] is not None}


def _cells(one: Distribution, counts: Mapping[int, int]) -> list[str]:
    longest = f"{max(counts):,}" if counts else NONE
    return [f"{one.rows:,}", f"{one.mean:,.0f}", f"{one.median:,}", f"{one.high:,}", longest]
