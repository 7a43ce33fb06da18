"""Solves each question of a shard without sight of its program."""

from caco.config.generation import Write
from caco.engines.open import open_resumable
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.progress import Progress
from caco.reverse.solution import write_solutions
from caco.rows.outcomes import write_outcomes
from caco.rows.question import Question
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="solution")
    job.reads("--model", "manifest of the solver's checkpoint")
    job.reads("--questions", "Parquet of questions")
    job.writes("--solutions", "Parquet of solutions")
    job.writes("--rejected", "Parquet of questions without one, with their verdicts")
    args = job.parse()
    section = Write.from_spec(args.spec)
    model = read_manifest(args.model)
    progress = Progress(f"solution {args.identity}", count_rows(args.questions, Question))
    with open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine:
        outcomes = write_solutions(
            read_rows(args.questions, Question),
            engine,
            framing(model.folder),
            section,
            model.digest,
            progress,
        )
        counts = write_outcomes(args.solutions, Solution, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
