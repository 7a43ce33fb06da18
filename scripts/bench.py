"""Puts a benchmark's problems to one model, greedily by the spec, and grades every answer."""

from caco.bench.answer import answer_problems
from caco.config.bench import Answering
from caco.engines.open import open_resumable
from caco.grading.grader import Grader
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.progress import Progress
from caco.provenance import Counts
from caco.rows.graded import Graded
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="bench")
    job.reads("--model", "manifest of the model's checkpoint")
    job.takes("--name", "the model's name: base or student", required=True)
    job.takes("--benchmark", "the benchmark's name", required=True)
    job.reads("--problems", "Parquet of the benchmark's problems, as seeds")
    job.writes("--graded", "Parquet of every answer with its grade")
    args = job.parse()
    section = Answering.from_spec(args.spec)
    model = read_manifest(args.model)
    progress = Progress(f"bench {args.name} {args.benchmark}", count_rows(args.problems, Seed))
    with (
        open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine,
        Grader(section.grader_timeout_s) as grader,
    ):
        graded = answer_problems(
            read_rows(args.problems, Seed),
            engine,
            framing(model.folder, section.prompt),
            grader,
            section,
            (args.name, args.benchmark),
            progress,
        )
        write_rows(args.graded, Graded, graded)
    counts = Counts()
    for row in read_rows(args.graded, Graded):
        counts.accept() if row.verdict == "correct" else counts.reject(row.verdict)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
