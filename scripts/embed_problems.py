"""Embeds the problems of a benchmark, for the layer `embedding` of the corpus."""

from caco.config.embedding import Embedder
from caco.engines.open_embedder import embedding_model
from caco.rows.embedding import Embedding
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.embed import embed_texts, problems


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="embed_problems")
    job.reads("--model", help="manifest of the model")
    job.reads("--problems", help="problems of the benchmark (Seed rows)")
    job.writes("--embeddings", help="their vectors (Embedding rows)")
    args = job.parse()
    section = job.section(Embedder)
    total = count_rows(args.problems, Seed)
    progress, counts = Progress(f"embed_problems {args.identity}", total), Counts()
    with embedding_model(job, section) as model:
        texts = problems(read_rows(args.problems, Seed))
        write_rows(args.embeddings, Embedding, embed_texts(texts, model, progress, counts))
    job.done(counts)


if __name__ == "__main__":
    run(main)
