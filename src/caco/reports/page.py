"""The report: one run on one self-contained HTML page.

The page loads nothing: styles and drawings are inline, and it has no script. The template escapes
every text, since models write the programs and the completions. One table shows the resources that
the jobs requested, next to those that they used.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from markupsafe import Markup

from caco.reports.embedding_diversity import NO_VECTORS, VectorFiles
from caco.reports.funnel import Counted, FunnelStage, count_files, funnel, is_rejected, write_funnel
from caco.reports.program_form import FormSummary, form_json, program_forms
from caco.reports.quality import Quality, accepted_files, quality, quality_json
from caco.reports.quality_section import diversity_rows, drawings, pass_rate_drawing
from caco.reports.records import Record, read_records, root_of
from caco.reports.samples import MEASURED
from caco.reports.svg import Interval, bar, interval_plot, line_chart
from caco.rows.corpus import CorpusRow
from caco.rows.loss import Loss
from caco.rows.rejected import Rejected
from caco.rows.table import count_rows, read_rows
from caco.runtime.atomic_files import write_text
from caco.runtime.progress import duration
from caco.stages.bench.scores import Difference, Score, Scores, read_scores
from caco.stages.calibrate.rates import KindRates, Rates, rate_text, read_rates
from caco.stages.corpus.statement_counts import StatementCounts, statement_counts
from caco.text.templates import template_environment
from caco.workflow.stages import ROW_STAGES

_POINTS = 500  # of a loss curve: more than the drawing has pixels
# The columns that show what a rejected row contains, the most informative last.
_TEXT_COLUMNS = ("problem", "program", "question", "solution")
_ENVIRONMENT = template_environment(Path(__file__).parent, autoescape=True)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a report reads.

    Attributes:
        records: Every job's provenance record.
        rows: Every Parquet file that the stages' records name, accepted and rejected.
        corpus: The corpus.
        losses: `{name}/loss.parquet` of every fine-tuned model.
        scores: The benchmarks' scores.
        rates: The calibration's rates; empty without a calibration.
        vectors: The files of vectors, where some are configured.
    """

    records: Sequence[Path]
    rows: Sequence[Path]
    corpus: Path
    losses: Sequence[Path]
    scores: Path
    rates: Sequence[Path] = ()
    vectors: VectorFiles = NO_VECTORS


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
    """Reads `{name}/loss.parquet`; the time of its steps is in the record of the training."""
    name = path.parent.name
    times = {record.rule: record.used.get("training_s") for record in records}
    return Curve(name, list(read_rows(path, Loss)), times.get(name))


@dataclass(frozen=True, slots=True)
class RejectedSample:
    """A rejected row as shown in the report.

    Attributes:
        stage: Where it was rejected.
        verdict, reason: Why.
        row_id: Its identity.
        text: Its most informative column.
    """

    stage: str
    verdict: str
    reason: str
    row_id: str
    text: str


def build_report(run: str, files: Files, funnel_path: Path, report_path: Path) -> list[FunnelStage]:
    """Writes the funnel and the report, and returns the funnel.

    Raises:
        UserError: A file is missing or unreadable, or counts differ.
    """
    records = read_records(files.records)
    counted = count_files(records, files.rows)
    stages = funnel(counted)
    forms = program_forms(counted)
    measured = quality(accepted_files(counted), files.corpus, files.vectors)
    html = page(
        run,
        stages,
        forms,
        measured,
        records,
        [read_curve(path, records) for path in files.losses],
        read_scores(files.scores),
        [read_rates(path) for path in files.rates],
        corpus_samples(files.corpus),
        statement_counts(files.corpus),
        rejected_samples(counted),
    )
    more: dict[str, dict[str, Any]] = {}
    for one in forms:
        more[one.stage] = {"form": form_json(forms, one.stage)}
    for stage, numbers in quality_json(measured).items():
        more.setdefault(stage, {}).update(numbers)
    write_funnel(funnel_path, stages, more)
    write_text(report_path, html)
    return stages


def page(
    run: str,
    stages: Sequence[FunnelStage],
    forms: Sequence[FormSummary],
    measured: Quality,
    records: Sequence[Record],
    curves: Sequence[Curve],
    scores: Scores,
    calibrations: Sequence[Rates],
    corpus: Sequence[CorpusRow],
    statements: StatementCounts,
    rejected: Sequence[RejectedSample],
) -> str:
    """Returns the page as HTML.

    Args:
        run: The run's name.
        stages: The funnel.
        forms: The form of the programs, by source.
        measured: The diversity of the rows by stage, and their difficulty.
        records: Every job's record.
        curves: Loss curves.
        scores: The benchmarks' scores.
        calibrations: The calibration's rates: one item, or none without a calibration.
        corpus: Rows of the corpus to show.
        statements: The statements in its solutions.
        rejected: Rejected rows to show.
    """
    widest = max((s.rows_in for s in stages), default=0) or 1
    return _ENVIRONMENT.get_template("report.html.j2").render(
        run=run,
        facts=_facts(records),
        stages=[(s, _bar(s, widest)) for s in stages if not s.of_benchmark],
        forms=forms,
        quality=measured,
        most=MEASURED,
        diversities=diversity_rows(measured),
        difficulties=drawings(measured),
        pass_rate_drawing=pass_rate_drawing(measured),
        curves=[(c.name, _curve(c), _curve_note(c)) for c in curves],
        scores=scores.scores,
        differences=scores.differences,
        open_cases=scores.open_cases,
        accuracies=_accuracies(scores.scores),
        gains=_gains(scores.differences),
        calibrations=calibrations,
        by_kind=_by_kind,
        rate_text=rate_text,
        corpus=corpus,
        statements=statements,
        rejected=rejected,
        jobs=resource_use(records),
        scheduled=any(record.requested for record in records),
        on_gpus=any("gpu_busy" in record.used for record in records),
        duration=duration,
    )


def _by_kind(rates: Rates) -> list[tuple[str, str, list[KindRates]]]:
    """Returns the right and the wrong kinds, each with a title; those with most errors first."""

    def most_errors(kind: KindRates) -> float:
        return max((rate.count / rate.of for rate in kind.errors.values()), default=0)

    return [
        (
            title,
            verb,
            sorted((k for k in rates.kinds if k.is_right == right), key=most_errors, reverse=True),
        )
        for title, verb, right in (
            ("Right rows", "Rejected", True),
            ("Wrong rows", "Accepted", False),
        )
    ]


def _bar(s: FunnelStage, widest: int) -> Markup:
    return bar(s.accepted / widest, (s.rows_in - s.accepted) / widest)


def _facts(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Returns the facts about the run at the head of the page."""
    versions: dict[str, set[str]] = {}
    for record in records:
        for package, version in record.versions.items():
            versions.setdefault(package, set()).add(version)
    packages = [f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())]
    facts = [
        ("Commit", _distinct(r.commit or _no_commit(r) for r in records)),
        ("Hosts", _distinct(r.host for r in records)),
        ("GPUs", _distinct(gpu for r in records for gpu in r.gpus) or "none"),
        ("Jobs", f"{len(records):,}, {duration(sum(r.seconds for r in records))} of job time"),
        ("Versions", ", ".join(packages)),
        ("Root digest", root_of(records)),
    ]
    if records:
        first, last = min(r.started for r in records), max(r.ended for r in records)
        facts.insert(3, ("When", f"{first} to {last}"))
    return facts


def _no_commit(record: Record) -> str:
    return "unknown (restored record)" if record.restored else "not a git checkout"


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))


def _curve(curve: Curve) -> Markup | None:
    """Returns the drawing, downsampled to `_POINTS`; None if no step was logged."""
    points = [(float(r.step), r.loss) for r in curve.rows if math.isfinite(r.loss)]
    if not points:
        return None
    every = -(-len(points) // _POINTS)
    return line_chart(points[::every], "optimiser step", "loss (nats a token)")


def _curve_note(curve: Curve) -> str:
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


def _accuracies(scores: Sequence[Score]) -> Markup | None:
    rows = [
        Interval(
            f"{s.benchmark}, {s.model}",
            s.model,
            s.low,
            s.accuracy,
            s.high,
            f"{100 * s.accuracy:.1f}%  ({s.correct:,} of {s.n * s.samples:,})",
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
            f"{100 * d.difference:+.1f} points, p = {d.p_holm:.3g}",
        )
        for d in differences
    ]
    if not rows:
        return None
    title = "student minus base on the same problems, with 95% intervals"
    return interval_plot(rows, *_span(rows), title)


def _span(rows: Sequence[Interval]) -> tuple[float, float]:
    """Returns the limits of an axis, in tenths, that includes every interval and zero."""
    low = min(0.0, *(r.low for r in rows))
    high = max(0.0, *(r.high for r in rows))
    return math.floor(low * 10) / 10, math.ceil(high * 10 + 1e-9) / 10 or 0.1


def corpus_samples(path: Path, wanted: int = 8) -> list[CorpusRow]:
    """Returns `wanted` rows spread evenly over the corpus, or all if it has no more."""
    total = count_rows(path, CorpusRow)
    places = {i * total // wanted for i in range(wanted)} if total else set()
    return [row for i, row in enumerate(read_rows(path, CorpusRow)) if i in places]


def rejected_samples(counted: Sequence[Counted], wanted: int = 2) -> list[RejectedSample]:
    """Returns the first rows that each stage rejected with each verdict, stage by stage.

    Opens only the files that contain a verdict without samples.
    """
    found: dict[tuple[str, str], list[RejectedSample]] = {}
    for job in counted:
        stage = job.record.rule
        for path, verdicts in job.rejected.items():
            if not is_rejected(path):
                continue
            missing = {v for v in verdicts if (stage, v) not in found}
            for verdict in sorted(missing):
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
        values: Any = json.loads(row.row)
    except ValueError:
        values = None
    columns = values if isinstance(values, dict) else {}
    texts = [columns[name] for name in _TEXT_COLUMNS if columns.get(name)]
    text = str(texts[-1]) if texts else row.row
    return RejectedSample(stage, row.verdict, row.reason, row.row_id, text)


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """The jobs of one rule, as cells of the report.

    Attributes:
        rule: The rule.
        jobs: Their number.
        total: The sum of their wall times.
        wall: Wall time of the median job, and of the longest job.
        limit: The requested time limit.
        busy: Busy cores, CPU time divided by wall time, of the median job and of the busiest job.
        cores: Requested cores per node.
        process: Memory of the largest process.
        job: Memory of the largest job, where Slurm's cgroup reports it.
        memory: Requested memory per node.
        gpu_hours: Allocated GPUs multiplied by wall time.
        gpu_busy: Share of the time in which a job's GPUs were busy, of the median job and of the
            least busy job.
        gpu_memory: Largest memory in use on one GPU.
    """

    rule: str
    jobs: str
    total: str
    wall: str
    limit: str
    busy: str
    cores: str
    process: str
    job: str
    memory: str
    gpu_hours: str
    gpu_busy: str
    gpu_memory: str


def resource_use(records: Iterable[Record]) -> list[ResourceUse]:
    """Returns the jobs of each rule; the rule with the largest total wall time comes first."""
    by_rule: dict[str, list[Record]] = {}
    for record in records:
        by_rule.setdefault(record.rule, []).append(record)
    total = {rule: sum(r.seconds for r in of_rule) for rule, of_rule in by_rule.items()}
    return [
        _resource_use(rule, by_rule[rule]) for rule in sorted(by_rule, key=lambda r: (-total[r], r))
    ]


def _resource_use(rule: str, records: Sequence[Record]) -> ResourceUse:
    busy = [r.used["cpu_s"] / r.seconds for r in records if r.seconds and "cpu_s" in r.used]
    gpu_busy = [r.used["gpu_busy"] for r in records if "gpu_busy" in r.used]
    return ResourceUse(
        rule=rule,
        jobs=f"{len(records):,}",
        total=duration(sum(r.seconds for r in records)),
        wall=_median_and(max, [r.seconds for r in records], duration),
        limit=_range(records, "wall_s", duration),
        busy=_median_and(max, busy, "{:.1f}".format),
        cores=_range(records, "cores", str),
        process=_largest(records, "process_mb"),
        job=_largest(records, "job_mb"),
        memory=_range(records, "mem_mb", _megabytes),
        gpu_hours=_gpu_hours(records),
        gpu_busy=_median_and(min, gpu_busy, "{:.0%}".format),
        gpu_memory=_largest(records, "gpu_mb"),
    )


def _median_and(
    extreme: Callable[[Sequence[float]], float],
    values: Sequence[float],
    text: Callable[[float], str],
) -> str:
    return f"{text(median(values))}, {text(extreme(values))}" if values else _NONE


def _range(records: Iterable[Record], name: str, text: Callable[[float], str]) -> str:
    """Returns the range of a requested resource: retries request more than first attempts."""
    found = {r.requested[name] for r in records if r.requested and name in r.requested}
    return " to ".join(dict.fromkeys((text(min(found)), text(max(found))))) if found else _NONE


def _largest(records: Iterable[Record], name: str) -> str:
    found = [r.used[name] for r in records if name in r.used]
    return _megabytes(max(found)) if found else _NONE


def _gpu_hours(records: Iterable[Record]) -> str:
    hours = [
        r.requested.get("gpus", 0) * r.requested.get("nodes", 1) * r.seconds / 3600
        for r in records
        if r.requested
    ]
    return f"{sum(hours):,.2f}" if any(hours) else _NONE


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"
