"""The report: a run on one self-contained HTML page.

Nothing on the page comes from elsewhere: styles and drawings are inline, there is no script. The
template escapes every text, for programs and completions are written by models.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from caco.reports.funnel import FunnelStage
from caco.reports.page.resources import resource_use
from caco.reports.page.samples import RejectedSample
from caco.reports.page.svg import Interval, bar, interval_plot, line_chart
from caco.reports.records import Record
from caco.rows.corpus import CorpusRow
from caco.rows.loss import Loss
from caco.rows.table import read_rows
from caco.runtime.progress import duration
from caco.stages.bench.scores import Difference, Score, Scores
from caco.stages.calibrate.rates import Rates, rate_text

_POINTS = 500  # of a loss curve: more than the drawing has pixels for
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    undefined=jinja2.StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A loss curve.

    Attributes:
        name: What was fine-tuned: the folder that holds the file.
        rows: Logged steps.
    """

    name: str
    rows: Sequence[Loss]


def read_curve(path: Path) -> Curve:
    """Reads `{name}/loss.parquet`."""
    return Curve(path.parent.name, list(read_rows(path, Loss)))


def page(
    run: str,
    stages: Sequence[FunnelStage],
    records: Sequence[Record],
    curves: Sequence[Curve],
    scores: Scores,
    calibrations: Sequence[Rates],
    corpus: Sequence[CorpusRow],
    rejected: Sequence[RejectedSample],
) -> str:
    """Returns the page.

    Args:
        run: The run's name.
        stages: The funnel.
        records: Every job's record.
        curves: Loss curves.
        scores: The benchmarks' scores.
        calibrations: Rates of the calibration: one, or none where it is off.
        corpus: Rows of the corpus to show.
        rejected: Rejected rows to show.
    """
    widest = max((s.rows_in for s in stages), default=0) or 1
    return _ENVIRONMENT.get_template("report.html.j2").render(
        run=run,
        facts=_facts(records),
        stages=[(s, _bar(s, widest)) for s in stages if not s.of_benchmark],
        curves=[(c.name, _curve(c), _curve_note(c)) for c in curves],
        scores=scores.scores,
        differences=scores.differences,
        accuracies=_accuracies(scores.scores),
        gains=_gains(scores.differences),
        calibrations=calibrations,
        rate_text=rate_text,
        corpus=corpus,
        rejected=rejected,
        jobs=resource_use(records),
        scheduled=any(record.given for record in records),
        on_gpus=any("gpu_busy" in record.used for record in records),
        duration=duration,
    )


def _bar(s: FunnelStage, widest: int) -> Markup:
    return bar(s.accepted / widest, (s.rows_in - s.accepted) / widest)


def _facts(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Returns what the head of the page tells about the run as a whole."""
    versions: dict[str, set[str]] = {}
    for record in records:
        for package, version in record.versions.items():
            versions.setdefault(package, set()).add(version)
    packages = [f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())]
    facts = [
        ("Commit", _distinct(r.commit or "not a git checkout" for r in records)),
        ("Hosts", _distinct(r.host for r in records)),
        ("GPUs", _distinct(gpu for r in records for gpu in r.gpus) or "none"),
        ("Jobs", f"{len(records):,}, {duration(sum(r.seconds for r in records))} of job time"),
        ("Versions", ", ".join(packages)),
    ]
    if records:
        first, last = min(r.started for r in records), max(r.ended for r in records)
        facts.insert(3, ("When", f"{first} to {last}"))
    return facts


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))


def _curve(curve: Curve) -> Markup | None:
    """Returns the drawing, thinned evenly to `_POINTS`; None where no step was logged."""
    points = [(float(r.step), r.loss) for r in curve.rows if math.isfinite(r.loss)]
    if not points:
        return None
    every = -(-len(points) // _POINTS)
    return line_chart(points[::every], "optimiser step", "loss (nats a token)")


def _curve_note(curve: Curve) -> str:
    if not curve.rows:
        return "not fine-tuned: no step was logged"
    first, last = curve.rows[0], curve.rows[-1]
    return (
        f"{last.step:,} steps, {last.epoch:g} epochs, {last.tokens:,} tokens, "
        f"{duration(last.seconds)}, {last.tokens / max(last.seconds, 1e-9):,.0f} tokens/s; "
        f"loss {first.loss:.3f} to {last.loss:.3f}"
    )


def _accuracies(scores: Sequence[Score]) -> Markup | None:
    rows = [
        Interval(
            f"{s.benchmark}, {s.model}",
            s.model,
            s.low,
            s.accuracy,
            s.high,
            f"{100 * s.accuracy:.1f}%  ({s.correct:,} of {s.n:,})",
        )
        for s in scores
    ]
    return interval_plot(rows, 0.0, 1.0, "pass@1, with 95% intervals") if rows else None


def _gains(differences: Sequence[Difference]) -> Markup | None:
    rows = [
        Interval(
            d.benchmark,
            "difference",
            d.low,
            d.difference,
            d.high,
            f"{100 * d.difference:+.1f} points, p = {d.p:.3g}",
        )
        for d in differences
    ]
    if not rows:
        return None
    title = "student minus base on the same problems, with 95% intervals"
    return interval_plot(rows, *_span(rows), title)


def _span(rows: Sequence[Interval]) -> tuple[float, float]:
    """Returns tenths that hold every interval and zero."""
    low = min(0.0, *(r.low for r in rows))
    high = max(0.0, *(r.high for r in rows))
    return math.floor(low * 10) / 10, math.ceil(high * 10 + 1e-9) / 10 or 0.1
