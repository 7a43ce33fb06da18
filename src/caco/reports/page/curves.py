"""Loss curves of the fine-tuned models, drawn with one scale of the loss, so that they compare."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from markupsafe import Markup

from caco.reports.page.svg import Point, line_chart
from caco.reports.records import Record
from caco.rows.loss import Loss
from caco.rows.table import read_rows
from caco.runtime.progress import duration
from caco.workflow.stages import BY_NAME, ONE

_POINTS = 200  # of a drawn curve: each is the mean of the steps that it stands for


@dataclass(frozen=True, slots=True)
class Curve:
    """A loss curve.

    Attributes:
        name: What was fine-tuned: the folder that holds the file.
        rows: The logged steps.
        seconds: Their wall time; None where it is unknown, as after a restoration of the record.
    """

    name: str
    rows: Sequence[Loss]
    seconds: float | None


def read_curve(path: Path, records: Iterable[Record]) -> Curve:
    """Reads `{name}/loss.parquet`; the time of its steps is in the record of the training.

    No ablation, whose name is the identity of its training, has the name of another training.
    """
    name = path.parent.name
    times = {
        record.rule if record.identity in ONE else record.identity: record.used.get("training_s")
        for record in records
        if BY_NAME[record.rule].trains
    }
    return Curve(name, list(read_rows(path, Loss)), times.get(name))


def drawn(curves: Sequence[Curve]) -> list[tuple[str, Markup | None, str]]:
    """Returns the name, the drawing (None if no step was logged) and the note of each curve."""
    points = [_points(curve) for curve in curves]
    highest = max((y for of_curve in points for _, y in of_curve), default=0.0)
    return [
        (
            curve.name,
            line_chart(of_curve, "optimiser step", "loss (nats a token)", highest)
            if of_curve
            else None,
            _note(curve),
        )
        for curve, of_curve in zip(curves, points, strict=True)
    ]


def _points(curve: Curve) -> list[Point]:
    rows = [row for row in curve.rows if math.isfinite(row.loss)]
    every = -(-len(rows) // _POINTS) or 1
    groups = [rows[i : i + every] for i in range(0, len(rows), every)]
    return [(fmean(r.step for r in group), fmean(r.loss for r in group)) for group in groups]


def _note(curve: Curve) -> str:
    if not curve.rows:
        return "not fine-tuned: no steps logged"
    first, last = curve.rows[0], curve.rows[-1]
    time = ", time unknown"
    if curve.seconds is not None:
        rate = last.tokens / max(curve.seconds, 1e-9)
        time = f", {duration(curve.seconds)}, {rate:,.0f} tokens/s"
    return (
        f"{last.step:,} steps, {last.epoch:g} epochs, {last.tokens:,} tokens{time}; "
        f"loss {first.loss:.3f} to {last.loss:.3f}"
    )
