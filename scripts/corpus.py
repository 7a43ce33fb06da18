"""Assembles the corpus from the judged shards and writes its data card.

Rows that repeat a program or a question, or that ask what a benchmark asks, go to the rejected
file with their verdict. The order is by shard, then as in the shard.
"""

from caco.config.checks import Corpus
from caco.runtime.job import Job, run
from caco.stages.corpus.assemble import assemble
from caco.stages.corpus.card import write_card


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="corpus")
    job.reads("--judged", help="shards of accepted solutions (Solution rows)", many=True)
    job.reads("--problems", help="benchmarks' problems (Seed rows); may be none", many=True)
    job.reads("--seeds", help="seeds that training saw (Seed rows), for the data card", many=True)
    job.writes("--corpus", help="the corpus (CorpusRow rows)")
    job.writes("--card", help="the data card (Markdown)")
    job.writes("--rejected", help="rows that the corpus does not take (Rejected rows)")
    args = job.parse()
    settings = job.section(Corpus)
    counts = assemble(args.judged, args.problems, settings, args.corpus, args.rejected)
    write_card(args.card, counts, args.seeds, args.problems, settings)
    job.done(counts)


if __name__ == "__main__":
    run(main)
