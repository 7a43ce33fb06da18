"""Counts the whole funnel and puts the run on one self-contained HTML page.

The rows are counted from the Parquet files and held against the jobs' records: a disagreement is an
error that names the file.
"""

from caco.config.section import Section
from caco.job import Job, run
from caco.report.making import Files, make_report


class Spec(Section):
    """What the report depends on."""

    run: str


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="report")
    job.reads("--records", "every job's provenance record (JSON)", many=True)
    job.reads("--rows", "every stage's Parquet files, accepted and rejected rows", many=True)
    job.reads("--corpus", "the corpus (CorpusRow rows)")
    job.reads("--losses", "{name}/loss.parquet of every fine-tuned model (Loss rows)", many=True)
    job.reads("--scores", "scores of the benchmarks (JSON)")
    job.reads("--rates", "rates of the calibration (JSON), where there is one", True, False)
    job.writes("--funnel", "counts of every stage (JSON)")
    job.writes("--report", "the page (HTML)")
    args = job.parse()
    files = Files(args.records, args.rows, args.corpus, args.losses, args.scores, args.rates)
    make_report(Spec.from_spec(args.spec).run, files, args.funnel, args.report)
    job.done()


if __name__ == "__main__":
    run(main)
