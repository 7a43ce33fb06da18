"""Counts the whole funnel and puts the run on one self-contained HTML page.

The rows are counted from the Parquet files and held against the jobs' records: a disagreement is an
error that names the file.
"""

from caco.config.section import Section
from caco.reports.page.build import Files, build_report
from caco.runtime.job import Job, run


class Spec(Section):
    """What the report depends on."""

    run: str


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="report")
    job.reads("--records", help="every job's provenance record (JSON)", many=True)
    job.reads("--rows", help="every stage's Parquet files, accepted and rejected rows", many=True)
    job.reads("--corpus", help="the corpus (CorpusRow rows)")
    job.reads(
        "--losses", help="{name}/loss.parquet of every fine-tuned model (Loss rows)", many=True
    )
    job.reads("--scores", help="scores of the benchmarks (JSON)")
    job.reads(
        "--rates",
        help="rates of the calibration (JSON), where there is one",
        many=True,
        required=False,
    )
    job.writes("--funnel", help="counts of every stage (JSON)")
    job.writes("--report", help="the page (HTML)")
    args = job.parse()
    files = Files(args.records, args.rows, args.corpus, args.losses, args.scores, args.rates)
    build_report(job.section(Spec).run, files, args.funnel, args.report)
    job.done()


if __name__ == "__main__":
    run(main)
