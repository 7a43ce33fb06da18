"""The generated rows of a job, made again from its record: prompts, drawn tokens, and differences.

The stage's own function runs again, with an engine that returns the recorded completions. Its rows
must be those of the job's files in every column.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling
from caco.engines.open import prompted
from caco.engines.protocol import GeneratingModel, Request
from caco.errors import UserError
from caco.models.manifest import Manifest, open_checkpoint
from caco.models.served import served_model
from caco.proof.recorded_command import JobOfRecord
from caco.proof.recorded_jobs import RULES, Replayed
from caco.proof.replay import Kept, ReplayEngine
from caco.proof.scores import DrawnRow
from caco.rows.table import count_rows, read_rows


@dataclass(frozen=True, slots=True)
class GeneratedShard:
    """What a generating job drew.

    Attributes:
        checkpoint: The recorded model.
        dtype: Data type of its weights in the job.
        sampling: The recorded settings.
        rows: The rows that can be scored.
        not_scorable: Rows that cannot: a server generated them, whose tokens are not known.
        differences: One sentence for each row of the job's files that the stage does not make of
            the tokens.
    """

    checkpoint: Manifest
    dtype: str
    sampling: Sampling
    rows: list[DrawnRow]
    not_scorable: int
    differences: list[str]


def generated_shard(record: Mapping[str, Any], run: Path) -> GeneratedShard:
    """Returns what the job of a record drew.

    Args:
        record: The record (`caco.runtime.chain.load_record`).
        run: The folder of the run, which may have been moved.

    Raises:
        UserError: The rule generates nothing, or a file is missing or damaged.
    """
    rule = record["rule"]
    if rule not in RULES:
        raise UserError(
            f"{record['record']}: the rows of rule `{rule}` cannot be scored; name a record of "
            f"one of {', '.join(f'`{name}`' for name in RULES)}"
        )
    job = JobOfRecord(record, run)
    replayed = RULES[rule](job)
    model = open_checkpoint(job.file("--model"))
    dtype = getattr(replayed.engine, "dtype", None)
    if dtype is None or served_model(model.folder) is not None:
        rows = count_rows(replayed.kept[0], replayed.kept[1])
        return GeneratedShard(model, "", replayed.sampling, [], rows, [])
    kept = replayed.completions()

    def next_kept(_: Request) -> Kept | None:
        return next(kept, None)

    seeded = isinstance(replayed.engine, TransformersEngineConfig)
    engine = ReplayEngine(model.folder, next_kept, seeded)
    differences = list(_differences(replayed, prompted(engine, model, replayed.prompt)))
    for number in count(engine.requests):
        if next(kept, None) is None:
            break
        differences.append(f"{replayed.kept[0]}: the job asked for no completion {number}")
    return GeneratedShard(model, dtype, replayed.sampling, engine.drawn, 0, differences)


def _differences(replayed: Replayed, model: GeneratingModel) -> Iterator[str]:
    """Yields one sentence for each row of the files that is not the one which the stage makes."""
    recorded = {
        row_type: (file, enumerate(read_rows(file, row_type))) for file, row_type in replayed.made
    }
    for again in replayed.make(model):
        file, rows = recorded[type(again)]
        number, row = next(rows, (None, None))
        if row is None:
            yield f"{file}: a row is missing"
        elif row != again:
            columns = [n for n in row.__slots__ if getattr(row, n) != getattr(again, n)]
            yield (
                f"{file}: row {number} is not what the job made: its tokens and inputs "
                f"make another {', '.join(f'`{name}`' for name in columns)}"
            )
    for file, rows in recorded.values():
        for number, _ in rows:
            yield f"{file}: the job made no row {number}"
