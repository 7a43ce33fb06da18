"""The rows of a job by verdict, counted in its outputs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from caco.rows.graded import CORRECT
from caco.rows.rejected import ACCEPTED
from caco.runtime.provenance import Counts
from caco.workflow.stages import ROW_STAGES

COUNTED = {*ROW_STAGES, "draft", "attempt", "plant", "redraft", "rollout", "pass_rate"}
"""Rules whose outputs show all their rows."""


def is_replies(path: Path) -> bool:
    """Tells whether `path` contains replies of a model: `replies/{stage}/{identity}.parquet`."""
    return "replies" in path.parts[:-1]


def counts_of(outputs: Iterable[Path]) -> Counts:
    """Returns the rows of a job by verdict, from its outputs."""
    rejected: Counter[str] = Counter()
    accepted = 0
    for path in outputs:
        if path.suffix != ".parquet" or is_replies(path):
            continue
        file = pq.ParquetFile(path)
        if "verdict" in file.schema_arrow.names:
            rejected.update(map(str, file.read(["verdict"]).column(0).to_pylist()))
        else:
            accepted += file.metadata.num_rows
    accepted += rejected.pop(CORRECT, 0) + rejected.pop(ACCEPTED, 0)
    return Counts(accepted + rejected.total(), accepted, dict(rejected))
