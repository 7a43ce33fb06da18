"""Compares each question and solution of a shard with the executed program, twice."""

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.job import Job, run
from caco.progress import Progress
from caco.reverse.judge import judge_solutions
from caco.rows.outcomes import write_outcomes
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="judge")
    job.reads("--solutions", "Parquet of solutions")
    job.writes("--judged", "Parquet of the solutions that both checks let through")
    job.writes("--rejected", "Parquet of the others, with their verdicts")
    args = job.parse()
    section = Judge.from_spec(args.spec)
    progress = Progress(f"judge {args.identity}", count_rows(args.solutions, Solution))
    with Grader(section.answer_timeout_s) as grader:
        rows = read_rows(args.solutions, Solution)
        outcomes = judge_solutions(rows, grader, section, progress)
        counts = write_outcomes(args.judged, Solution, args.rejected, outcomes)
    job.done(counts)


if __name__ == "__main__":
    run(main)
