"""Compares each question and solution of a shard with the executed program, twice."""

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.judge import judge_solutions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="judge")
    job.reads("--solutions", help="Parquet of solutions")
    job.writes("--judged", help="Parquet of the solutions that both checks let through")
    job.writes("--rejected", help="Parquet of the others, with their verdicts")
    args = job.parse()
    section = job.section(Judge)
    progress = Progress(f"judge {args.identity}", count_rows(args.solutions, Solution))
    with Grader(section.answer_timeout_s) as grader:
        rows = read_rows(args.solutions, Solution)
        outcomes = judge_solutions(rows, grader, section, progress)
        counts = write_outcomes(args.judged, Solution, args.rejected, outcomes)
    job.done(counts)


if __name__ == "__main__":
    run(main)
