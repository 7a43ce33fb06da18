"""A stage's two files: rows let through, and rows rejected, written as they come."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from caco.files import written_aside
from caco.provenance import Counts
from caco.rows.rejected import Rejected
from caco.rows.table import Row, schema

_BATCH = 1_000  # rows held in memory before they are written
R = TypeVar("R", bound=Row)


def write_outcomes(
    accepted: Path, row_type: type[R], rejected: Path, outcomes: Iterable[R | Rejected]
) -> Counts:
    """Writes each outcome to the file of its kind and returns the counts.

    Both files appear only when both are whole.

    Args:
        accepted: Where rows of `row_type` go.
        row_type: The type of an accepted row.
        rejected: Where `Rejected` rows go.
        outcomes: One for each row of the stage's input.
    """
    counts = Counts()
    with (
        written_aside(accepted) as kept_aside,
        written_aside(rejected) as rejected_aside,
        _Table(kept_aside, row_type) as kept,
        _Table(rejected_aside, Rejected) as dropped,
    ):
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                counts.reject(outcome.verdict)
                dropped.add(outcome)
            else:
                counts.accept()
                kept.add(outcome)
    return counts


class _Table:
    """A Parquet file under way."""

    def __init__(self, path: Path, row_type: type[Row]) -> None:
        self._schema = schema(row_type)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._batch: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, row: Any) -> None:
        self._batch.append(asdict(row))
        if len(self._batch) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._batch, schema=self._schema))
        self._batch.clear()
