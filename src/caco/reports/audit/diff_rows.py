"""How a file of two runs differs: rows in both or in one, by key, and the columns that differ."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from caco.errors import UserError
from caco.reports.run_files import Run
from caco.rows.table import column_names, count_rows, read_columns
from caco.runtime.chain import MANIFEST

# The columns that identify a row in two runs, by folder; the first that all are in the file. An
# identity of a sampled row contains the checkpoint, so its place or its text is compared instead.
_KEYS: dict[str, tuple[str, ...]] = {
    "seeds": ("seed_id",),
    "benchmarks": ("seed_id",),
    "code_cots": ("seed_id",),
    "drafts": ("seed_id", "candidate"),
    "attempts": ("seed_id", "candidate"),
    "programs": ("shard", "index"),
    "verified": ("program_id",),
    "answers": ("problem_id", "sample"),
    "bench": ("problem_id", "sample"),
    "calibration": ("question_id",),
    "redrafts": ("question_id", "number"),
    "rollouts": ("problem_id", "sample"),
    "pass_rates": ("question_id",),
    "replies": ("request_id",),
    "rejected": ("row_id", "verdict"),
    "ablations": ("row_id", "step"),
    **dict.fromkeys(("codegen", "writer", "student"), ("step",)),
    **dict.fromkeys(
        (
            "questions",
            "round_trips",
            "solutions",
            "judged",
            "llm_judged",
            "checked",
            "corpus",
            "export",
        ),
        ("program_id", "variant", "solution_variant"),
    ),
}
_COLUMNS = 8  # columns that are listed


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs."""

    a: Run
    b: Run

    @property
    def runs(self) -> tuple[Run, Run]:
        """Both."""
        return self.a, self.b


def same_content(pair: Pair, name: str, first: str, second: str) -> bool:
    """Tells whether a file is equal in two runs.

    A manifest names the folder of its files, so it is equal if the files that it lists are.

    Args:
        pair: The runs.
        name: The file.
        first: Its digest in the record of the first run.
        second: Its digest in the record of the second.
    """
    if first == second or not name.endswith(MANIFEST):
        return first == second
    listed = [_listed(run.path(name)) for run in pair.runs]
    return listed[0] is not None and listed[0] == listed[1]


def _listed(manifest: Path) -> dict[str, str] | None:
    """Returns the digests of the files that a manifest lists; None if it is unreadable."""
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {name: str(file["sha256"]) for name, file in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def file_lines(pair: Pair, name: str) -> list[str]:
    """Returns how a file of two runs differs."""
    if name.endswith(MANIFEST):
        return [f"{name}: {_files(*(_listed(run.path(name)) for run in pair.runs))}"]
    if not name.endswith(".parquet"):
        return [f"{name}: differs"]
    try:
        return _row_lines(pair, name)
    except UserError as error:  # a copy may lack it; the records suffice for the rest
        return [f"{name}: not compared by row: {error}"]


def _files(first: dict[str, str] | None, second: dict[str, str] | None) -> str:
    if first is None or second is None:
        return "differs; a manifest is not there or damaged"
    names = dict.fromkeys((*first, *second))
    differ = [name for name in names if first.get(name) != second.get(name)]
    return f"{len(differ):,} of {len(names):,} files differ: {', '.join(differ[:3])}"


def _row_lines(pair: Pair, name: str) -> list[str]:
    paths = [run.path(name) for run in pair.runs]
    rows = [count_rows(path) for path in paths]
    columns = [column_names(path) for path in paths]
    key = [
        column
        for column in _KEYS.get(name.partition("/")[0], ())
        if all(column in names for names in columns)
    ]
    line = f"{name}: {rows[0]:,} -> {rows[1]:,} rows"
    if not key:
        return [line]
    places = [_places(read_columns(path, key), key) for path in paths]
    both = [k for k in places[0] if k in places[1]]
    line += (
        f"; by {', '.join(key)} {len(both):,} in both, {rows[0] - len(both):,} only in the first"
    )
    lines = [f"{line}, {rows[1] - len(both):,} only in the second"]
    indices = [pa.array([place[k] for k in both], pa.int64()) for place in places]
    differ: Counter[str] = Counter()
    for column in (c for c in columns[0] if c in columns[1] and c not in key):
        values = [
            read_columns(path, (column,))[column].take(at)
            for path, at in zip(paths, indices, strict=True)
        ]
        if count := _unequal(*values):
            differ[column] = count
    if differ:
        listed = ", ".join(f"{column} {n:,}" for column, n in differ.most_common(_COLUMNS))
        further = f", and {len(differ) - _COLUMNS} columns more" if len(differ) > _COLUMNS else ""
        lines.append(f"  rows in both that differ, by column: {listed}{further}")
    elif both:
        lines.append("  the rows in both are equal")
    for names, other, which in (
        (columns[0], columns[1], "first"),
        (columns[1], columns[0], "second"),
    ):
        if only := [column for column in names if column not in other]:
            lines.append(f"  columns only in the {which}: {', '.join(only)}")
    return lines


def _places(keys: pa.Table, key: Sequence[str]) -> dict[tuple[Any, ...], int]:
    """Returns the position of each row by its key, and by its number among rows of that key."""
    seen: Counter[tuple[Any, ...]] = Counter()
    found: dict[tuple[Any, ...], int] = {}
    for index, values in enumerate(zip(*(keys[column].to_pylist() for column in key), strict=True)):
        found[*values, seen[values]] = index
        seen[values] += 1
    return found


def _unequal(first: Any, second: Any) -> int:
    """Returns the number of positions whose values differ; null equals null."""
    if pa.types.is_nested(first.type) or first.type != second.type:
        pairs = zip(first.to_pylist(), second.to_pylist(), strict=True)
        return sum(one != other for one, other in pairs)
    either = pc.not_equal(pc.is_null(first), pc.is_null(second))
    differ = pc.or_(either, pc.fill_null(pc.not_equal(first, second), False))
    return int(pc.sum(differ).as_py() or 0)
