"""Generates solutions for the questions of a shard, without access to the programs."""

from caco.config.generation import Write
from caco.engines.open import generating_model
from caco.rows.question import Question
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.solution import write_solutions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="solution")
    job.reads("--model", help="manifest of the solver")
    job.reads("--questions", help="questions (Question rows)")
    job.writes("--solutions", help="solutions (Solution rows)")
    job.writes("--rejected", help="questions without a complete solution (Rejected rows)")
    args = job.parse()
    section = job.section(Write)
    progress = Progress(f"solution {args.identity}", count_rows(args.questions, Question))
    rows = read_rows(args.questions, Question)
    with generating_model(job, section.engine, "reverse.solution.model") as model:
        outcomes = write_solutions(rows, model, section, progress)
        counts = write_outcomes(args.solutions, Solution, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
