"""Embeds the questions of a shard, for the layer `embedding` of the corpus."""

from caco.config.embedding import Embedder
from caco.engines.open_embedder import embedding_model
from caco.rows.embedding import Embedding
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.embed import embed_texts, questions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="embed")
    job.reads("--model", help="manifest of the model")
    job.reads("--checked", help="accepted solutions (Solution rows)")
    job.writes("--embeddings", help="vectors of their questions (Embedding rows)")
    args = job.parse()
    section = job.section(Embedder)
    total = sum(1 for _ in questions(read_rows(args.checked, Solution)))
    progress, counts = Progress(f"embed {args.identity}", total), Counts()
    with embedding_model(job, section) as model:
        texts = questions(read_rows(args.checked, Solution))
        write_rows(args.embeddings, Embedding, embed_texts(texts, model, progress, counts))
    job.done(counts)


if __name__ == "__main__":
    run(main)
