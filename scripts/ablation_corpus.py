"""Assembles the rows of an ablation's student: seeds, or solutions that nothing has verified.

Rows that restate a problem of a benchmark are rejected, and of solutions those that repeat a
program or a question, as in the corpus. Of the others, as many as the corpus has are drawn, of
seeds all, unless `rows` of the ablation is set.
"""

from caco.config.ablation import AblationCorpus
from caco.rows.ablation import AblationRow
from caco.rows.table import write_outcomes
from caco.runtime.job import Job, run
from caco.stages.ablation import RowFiles, ablation_rows
from caco.stages.corpus.assemble import benchmark_items

# Name and help text of each input, any number of files.
_READS = {
    "code-cots": "of `seeds_only`: accepted Code CoTs (CodeCoT rows)",
    "seeds": "of `seeds_only`: their seeds (Seed rows)",
    "solutions": "of the others: shards of solutions (Solution rows)",
    "checked": "of the others: shards of accepted solutions (Solution rows)",
    "corpus": "of the others: the corpus (CorpusRow rows), whose rows are counted",
    "problems": "problems of the benchmarks from files (Seed rows)",
    "held-out": "problems of the benchmarks of held-out seeds (Seed rows)",
}


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="ablation_corpus")
    for name, text in _READS.items():
        job.reads(f"--{name}", help=text, many=True, required=False)
    job.writes("--rows", help="rows of the ablation (AblationRow rows)")
    job.writes("--rejected", help="rejected seeds or solutions (Rejected rows)")
    args = job.parse()
    section = job.section(AblationCorpus)
    benchmarks = benchmark_items(args.problems, args.held_out, section.settings.decontaminate)
    files = RowFiles(args.code_cots, args.seeds, args.solutions, args.checked, args.corpus)
    rows = ablation_rows(section, files, benchmarks)
    counts = write_outcomes(args.rows, AblationRow, args.rejected, rows)
    print(f"ablation {args.identity}: {counts.accepted:,} of {counts.rows_in:,} rows")
    job.done(counts, section.ablation.seed)


if __name__ == "__main__":
    run(main)
