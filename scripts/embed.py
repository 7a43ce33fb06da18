"""Embeds texts: the questions of a shard, or the problems of a benchmark or of a source."""

from pathlib import Path

from caco.config.embedding import Embedder
from caco.engines.open_embedder import embedding_model
from caco.rows.embedding import Embedding
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.embed import Texts, embed_texts, problems, questions


def _texts(rule: str, file: Path) -> Texts:
    """Returns the texts of a job's input."""
    if rule == "embed":
        return questions(read_rows(file, Solution))
    return problems(read_rows(file, Seed))


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="embed")
    job.reads("--model", help="manifest of the model")
    job.reads("--texts", help="accepted solutions (Solution rows) for `embed`, otherwise Seed rows")
    job.takes(
        "--rule",
        help="the rule that runs the script",
        choices=("embed", "embed_problems"),
        required=True,
    )
    job.writes("--embeddings", help="vectors of the texts (Embedding rows)")
    args = job.parse()
    job.rule = args.rule
    section = job.section(Embedder)
    total = sum(1 for _ in _texts(job.rule, args.texts))
    progress, counts = Progress(f"{job.rule} {args.identity}", total), Counts()
    with embedding_model(job, section) as model:
        texts = _texts(job.rule, args.texts)
        write_rows(args.embeddings, Embedding, embed_texts(texts, model, progress, counts))
    job.done(counts)


if __name__ == "__main__":
    run(main)
