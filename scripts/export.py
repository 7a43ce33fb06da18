"""Writes the corpus as a data set for publication, with a card that the Hugging Face hub reads.

The folder has two configurations, for `datasets.load_dataset(FOLDER, NAME)`: `sft` has every row of
the corpus, `rlvr` every problem once, as a prompt with the answer to compare completions with. The
folder is written as a whole and replaces an earlier one.
"""

from caco.config.export import Export
from caco.runtime.job import Job, run
from caco.stages.export.dataset import Dataset, export


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="export")
    job.reads("--corpus", help="corpus (CorpusRow rows)")
    job.reads("--corpus-card", help="data card of the corpus (Markdown)")
    job.reads("--seeds", help="training seeds (Seed rows), which have the licences", many=True)
    job.writes("--card", help="card: README.md in the folder of the data set")
    job.writes("--sft", help="rows of `sft` (CorpusRow rows), in the folder")
    job.writes("--rlvr", help="rows of `rlvr` (RlvrRow rows), in the folder")
    args = job.parse()
    dataset = Dataset(args.card, args.sft, args.rlvr)
    export(dataset, args.corpus, args.corpus_card, args.seeds, job.section(Export))
    job.done()


if __name__ == "__main__":
    run(main)
