"""A run's files become its funnel and its report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caco.reports.funnel import FunnelStage, count_files, funnel, write_funnel
from caco.reports.page.page import page, read_curve
from caco.reports.page.samples import corpus_samples, rejected_samples
from caco.reports.records import read_records
from caco.runtime.atomic_files import write_text
from caco.stages.bench.scores import read_scores
from caco.stages.calibrate.rates import read_rates


@dataclass(frozen=True, slots=True)
class Files:
    """What a report reads.

    Attributes:
        records: Every job's provenance record.
        rows: Every Parquet file that the stages' records name, accepted and rejected.
        corpus: The corpus.
        losses: `{name}/loss.parquet` of every model that was fine-tuned.
        scores: The scores.
        rates: Rates of the calibration; none where it is off.
    """

    records: Sequence[Path]
    rows: Sequence[Path]
    corpus: Path
    losses: Sequence[Path]
    scores: Path
    rates: Sequence[Path] = ()


def build_report(run: str, files: Files, funnel_path: Path, report_path: Path) -> list[FunnelStage]:
    """Writes the funnel and the report, and returns the funnel.

    Raises:
        UserError: A file is absent or unreadable, or counts disagree.
    """
    records = read_records(files.records)
    counted = count_files(records, files.rows)
    stages = funnel(counted)
    html = page(
        run,
        stages,
        records,
        [read_curve(path) for path in files.losses],
        read_scores(files.scores),
        [read_rates(path) for path in files.rates],
        corpus_samples(files.corpus),
        rejected_samples(counted),
    )
    write_funnel(funnel_path, stages)
    write_text(report_path, html)
    return stages
