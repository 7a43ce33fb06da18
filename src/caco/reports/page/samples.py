"""Rows worth a look: some of the corpus, and some that each verdict rejected."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from caco.reports.row_counts import Counted, is_rejected
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected
from caco.rows.table import count_rows, read_rows
from caco.workflow.stages import ROW_STAGES

# The columns that show what a rejected row was about, the most telling last.
_TELLING = ("problem", "program", "question", "solution")


@dataclass(frozen=True, slots=True)
class RejectedSample:
    """A rejected row as the report shows it.

    Attributes:
        stage: Where it was rejected.
        verdict, reason: Why.
        row_id: Its identity.
        text: Its most telling column.
    """

    stage: str
    verdict: str
    reason: str
    row_id: str
    text: str


def corpus_samples(path: Path, wanted: int = 8) -> list[CorpusRow]:
    """Returns `wanted` rows spread evenly over the corpus, or all if it has no more."""
    total = count_rows(path, CorpusRow)
    places = {i * total // wanted for i in range(wanted)} if total else set()
    return [row for i, row in enumerate(read_rows(path, CorpusRow)) if i in places]


def rejected_samples(counted: Sequence[Counted], wanted: int = 2) -> list[RejectedSample]:
    """Returns the first rows that each stage rejected with each verdict, stage by stage.

    Only files that are known to hold a missing verdict are opened.
    """
    found: dict[tuple[str, str], list[RejectedSample]] = {}
    for job in counted:
        stage = job.record.rule
        for path, verdicts in job.rejected.items():
            if not is_rejected(path):
                continue
            lacking = {v for v in verdicts if (stage, v) not in found}
            for verdict in sorted(lacking):
                rows = islice(_with_verdict(path, verdict), wanted)
                found[stage, verdict] = [_sample(stage, row) for row in rows]
    order = list(ROW_STAGES)
    return [
        sample
        for key in sorted(found, key=lambda k: (order.index(k[0]), k[1]))
        for sample in found[key]
    ]


def _with_verdict(path: Path, verdict: str) -> Iterator[Rejected]:
    return (row for row in read_rows(path, Rejected) if row.verdict == verdict)


def _sample(stage: str, row: Rejected) -> RejectedSample:
    try:
        held: Any = json.loads(row.row)
    except ValueError:
        held = None
    texts = [held[name] for name in _TELLING if held.get(name)] if isinstance(held, dict) else []
    text = str(texts[-1]) if texts else row.row
    return RejectedSample(stage, row.verdict, row.reason, row.row_id, text)
