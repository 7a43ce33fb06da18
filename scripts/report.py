"""Writes the funnel and the report of a run, one self-contained HTML page.

The row counts of the Parquet files are compared with the jobs' provenance records; a difference is
an error that names the file.
"""

from caco.config.section import Section
from caco.reports.page.build import Files, build_report
from caco.reports.quality.embedding_diversity import VectorFiles
from caco.runtime.job import Job, run


class Spec(Section):
    """The settings that the report depends on."""

    run: str


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="report")
    job.reads("--records", help="provenance records of the jobs (JSON)", many=True)
    job.reads("--rows", help="Parquet files of every stage, accepted and rejected rows", many=True)
    job.reads("--corpus", help="corpus (CorpusRow rows)")
    job.reads(
        "--losses", help="{name}/loss.parquet of each fine-tuned model (Loss rows)", many=True
    )
    job.reads("--scores", help="scores of the benchmarks (JSON)")
    job.reads(
        "--rates",
        help="error rates of the calibration (JSON), if there is one",
        many=True,
        required=False,
    )
    job.reads(
        "--seed-embeddings",
        help="vectors of the seeds (Embedding rows), if there are any",
        many=True,
        required=False,
    )
    job.reads(
        "--embeddings",
        help="shards of vectors of the questions (Embedding rows), if there are any",
        many=True,
        required=False,
    )
    job.writes("--funnel", help="row counts of every stage (JSON)")
    job.writes("--report", help="report (HTML)")
    args = job.parse()
    files = Files(
        records=args.records,
        rows=args.rows,
        corpus=args.corpus,
        losses=args.losses,
        scores=args.scores,
        rates=args.rates,
        vectors=VectorFiles(args.seed_embeddings, args.embeddings),
    )
    build_report(job.section(Spec).run, files, args.funnel, args.report)
    job.done()


if __name__ == "__main__":
    run(main)
