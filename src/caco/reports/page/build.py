"""The page: reads the files of a run, and puts its sections together.

The page loads nothing: styles, drawings, rows and the script are inline, and a policy in its head
forbids the browser everything else. The template escapes every text, since models write the
programs and the completions. The same files give the same bytes.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from caco.reports.audit.show import Answer
from caco.reports.funnel import Counted, FunnelStage, count_files, funnel, write_funnel
from caco.reports.page.calibration_section import calibration
from caco.reports.page.cost import cost_table, is_measured, resource_table
from caco.reports.page.curves import Curve, drawn, read_curve
from caco.reports.page.funnel_section import form_table, funnel_table
from caco.reports.page.glance import glance
from caco.reports.page.lengths import lengths_table, tokens_table
from caco.reports.page.quality_section import (
    diversity_table,
    drawings,
    pass_rate_drawing,
    vectors_table,
)
from caco.reports.page.rows import MOST, Sample, rows_json, sample
from caco.reports.page.scores_section import scores_section
from caco.reports.page.shown import finalized
from caco.reports.page.tables import Table, numbers, text
from caco.reports.quality.embedding_diversity import NO_VECTORS, VectorFiles
from caco.reports.quality.program_form import FormSummary, form_json, program_forms
from caco.reports.quality.quality import Quality, accepted_files, quality, quality_json
from caco.reports.quality.samples import MEASURED
from caco.reports.records import Record, read_records
from caco.runtime.atomic_files import write_text
from caco.stages.bench.scores import Scores, read_scores
from caco.stages.calibrate.rates import Rates, read_rates
from caco.stages.corpus.statement_counts import StatementCounts, statement_counts
from caco.text.templates import template_environment

LIMIT = 5_000_000
"""The most bytes of a page: the sample of rows shrinks until it fits."""
_STATIC = 24  # rows that are also shown without a script
_FOLDER = Path(__file__).parent / "templates"
_ENVIRONMENT = template_environment(_FOLDER, autoescape=True).overlay(finalize=finalized)


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
class Contents:
    """What the files of a run have.

    Attributes:
        records: Every job's record.
        counted: The rows of the jobs that have some.
        stages: The funnel.
        forms: The form of the programs, by source.
        files: The files of accepted rows by stage.
        quality: The diversity of the rows by stage, and their difficulty.
        curves: Loss curves.
        scores: The benchmarks' scores.
        rates: The calibration's rates: one item, or none without a calibration.
        statements: The statements in the solutions of the corpus.
        sample: The rows to browse.
    """

    records: Sequence[Record]
    counted: Sequence[Counted]
    stages: Sequence[FunnelStage]
    forms: Sequence[FormSummary]
    files: dict[str, list[Path]]
    quality: Quality
    curves: Sequence[Curve]
    scores: Scores
    rates: Sequence[Rates]
    statements: StatementCounts
    sample: Sample


def read_contents(files: Files) -> Contents:
    """Reads the files of a run.

    Raises:
        UserError: A file is missing or unreadable, or counts differ.
    """
    records = read_records(files.records)
    counted = count_files(records, files.rows)
    accepted = accepted_files(counted)
    models = {
        sha: name.removesuffix("/manifest.json")
        for record in records
        for name, sha in record.models.items()
    }
    return Contents(
        records=records,
        counted=counted,
        stages=funnel(counted),
        forms=program_forms(counted),
        files=accepted,
        quality=quality(accepted, files.corpus, files.vectors),
        curves=[read_curve(path, records) for path in files.losses],
        scores=read_scores(files.scores),
        rates=[read_rates(path) for path in files.rates],
        statements=statement_counts(files.corpus),
        sample=sample(counted, models),
    )


def build_report(run: str, files: Files, funnel_path: Path, report_path: Path) -> list[FunnelStage]:
    """Writes the funnel and the report, and returns the funnel.

    Raises:
        UserError: A file is missing or unreadable, or counts differ.
    """
    contents = read_contents(files)
    more: dict[str, dict[str, Any]] = {}
    for one in contents.forms:
        more[one.stage] = {"form": form_json(contents.forms, one.stage)}
    for stage, measured in quality_json(contents.quality).items():
        more.setdefault(stage, {}).update(measured)
    verified = (
        "unknown to this page, which is older than any verification: type "
        f"`python scripts/audit.py verify results/{run}`, then `python scripts/audit.py show "
        f"results/{run} --page FILE` for a page with its date"
    )
    html = page(run, contents, verified)
    write_funnel(funnel_path, contents.stages, more)
    write_text(report_path, html)
    return list(contents.stages)


def page(
    run: str,
    contents: Contents,
    verified: str,
    answers: Sequence[Answer] = (),
    comparison: Sequence[Answer] = (),
    other: str = "",
) -> str:
    """Returns the page as HTML, of at most `LIMIT` bytes.

    Args:
        run: The run's name.
        contents: What its files have.
        verified: When the root digest was last verified, in one sentence.
        answers: What else the records answer.
        comparison: What differs from another run.
        other: The other run.
    """
    found = contents
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    values: dict[str, Any] = {
        "run": run,
        "glance": glance(found.records, found.counted, found.stages, found.scores, verified),
        "funnel": funnel_table(found.stages),
        "forms": form_table(found.forms) if found.forms else None,
        "quality": found.quality,
        "most": MEASURED,
        "diversity": diversity_table(found.quality),
        "vectors": vectors_table(found.quality),
        "difficulties": drawings(found.quality),
        "pass_rate_drawing": pass_rate_drawing(found.quality),
        "lengths": lengths_table(found.files),
        "tokens": tokens_table(found.counted),
        "curves": drawn(found.curves),
        "scores": scores_section(found.scores),
        "calibrations": [calibration(rates) for rates in found.rates],
        "statements": found.statements,
        "costs": cost_table(found.records),
        "energy": is_measured(found.records),
        "resources": resource_table(found.records),
        "answers": answers,
        "comparison": comparison,
        "other": other,
        "style": Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    wanted = MOST
    html = _rendered(values, found.sample, wanted)
    while wanted and len(html.encode()) > LIMIT:
        wanted = wanted * 3 // 4
        html = _rendered(values, found.sample, wanted)
    return html


def _rendered(values: dict[str, Any], rows: Sample, wanted: int) -> str:
    taken = rows.taken(wanted)
    strata = rows.shares(wanted)
    shares = Table(
        "Rows of the run by stage and verdict, and how many of them are on this page",
        [text("Stage"), text("Verdict"), *numbers("Rows", "On this page")],
        [
            [stage, verdict, f"{rows.totals[stage, verdict]:,}", f"{shown:,}"]
            for (stage, verdict), shown in ((one, strata[one]) for one in rows.rows)
        ],
    )
    return _ENVIRONMENT.get_template("report.html.j2").render(
        **values,
        shown=len(taken),
        total=sum(rows.totals.values()),
        shares=shares,
        static=_static(rows, wanted),
        rows_json=Markup(rows_json(taken)),
    )


def _static(rows: Sample, wanted: int) -> list[dict[str, Any]]:
    """Returns the first row of each stage and verdict, as far as there is room."""
    shown = rows.shares(wanted)
    return [of_stratum[0] for one, of_stratum in rows.rows.items() if shown[one]][:_STATIC]
