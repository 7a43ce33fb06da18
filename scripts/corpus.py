"""Assembles the corpus from the checked shards and writes its data card.

Rows that repeat a program or a question, whose question is a benchmark's, or whose family of
programs has constant answers are rejected. The corpus is in the order of the shards and of the rows
in each shard.
"""

from caco.config.checks import Corpus
from caco.runtime.job import Job, run
from caco.stages.corpus.assemble import assemble
from caco.stages.corpus.card import write_card


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="corpus")
    job.reads("--checked", help="shards of accepted solutions (Solution rows)", many=True)
    job.reads("--verified", help="shards of verified programs (Verified rows)", many=True)
    job.reads("--problems", help="problems of the benchmarks (Seed rows); may be empty", many=True)
    job.reads("--seeds", help="training seeds (Seed rows), for the data card", many=True)
    job.writes("--corpus", help="corpus (CorpusRow rows)")
    job.writes("--card", help="data card (Markdown)")
    job.writes("--rejected", help="rejected solutions (Rejected rows)")
    args = job.parse()
    settings = job.section(Corpus)
    counts, families = assemble(
        args.checked,
        args.verified,
        args.problems,
        settings,
        args.corpus,
        args.rejected,
        lambda: job.counts_before("checked"),
    )
    write_card(args.card, args.corpus, counts, families, args.seeds, args.problems, settings)
    job.done(counts)


if __name__ == "__main__":
    run(main)
