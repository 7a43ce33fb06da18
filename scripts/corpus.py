"""Assembles the corpus from the checked shards and writes its data card.

Rows that repeat a program or a question, restate a problem of a benchmark, whose family of programs
has constant answers, or whose pass rate is outside of the limits are rejected. The corpus is in the
order of the shards and of the rows in each shard.
"""

from caco.config.checks import Corpus
from caco.runtime.job import Job, run
from caco.stages.corpus.assemble import assemble, benchmark_items
from caco.stages.corpus.card import write_card
from caco.stages.corpus.embedded import Embedded


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="corpus")
    job.reads("--checked", help="shards of accepted solutions (Solution rows)", many=True)
    job.reads("--verified", help="shards of verified programs (Verified rows)", many=True)
    job.reads(
        "--pass-rates",
        help="shards of right answers by question (Passes rows)",
        many=True,
        required=False,
    )
    job.reads(
        "--embeddings",
        help="shards of vectors of the questions (Embedding rows)",
        many=True,
        required=False,
    )
    job.reads(
        "--problem-embeddings",
        help="vectors of the problems of each benchmark (Embedding rows)",
        many=True,
        required=False,
    )
    job.reads(
        "--problems",
        help="problems of the benchmarks from files (Seed rows)",
        many=True,
        required=False,
    )
    job.reads(
        "--held-out",
        help="problems of the benchmarks of held-out seeds (Seed rows)",
        many=True,
        required=False,
    )
    job.reads("--seeds", help="training seeds (Seed rows), for the data card", many=True)
    job.writes("--corpus", help="corpus (CorpusRow rows)")
    job.writes("--card", help="data card (Markdown)")
    job.writes("--rejected", help="rejected solutions (Rejected rows)")
    args = job.parse()
    settings = job.section(Corpus)
    benchmarks = benchmark_items(args.problems, args.held_out, settings.decontaminate)
    threshold = settings.decontaminate.embedding
    embedded = Embedded(args.embeddings, args.problem_embeddings, threshold) if threshold else None
    counts, families = assemble(
        args.checked,
        args.verified,
        benchmarks,
        settings,
        args.corpus,
        args.rejected,
        lambda: job.counts_before("checked"),
        args.pass_rates,
        embedded,
    )
    problems = [*args.problems, *args.held_out]
    write_card(args.card, args.corpus, counts, families, args.seeds, problems, settings)
    job.done(counts)


if __name__ == "__main__":
    run(main)
