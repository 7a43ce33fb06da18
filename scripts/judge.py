"""Runs the dual verification: compares questions and solutions with the executed programs."""

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
    job.reads("--solutions", help="solutions (Solution rows)")
    job.writes("--judged", help="solutions that both checks accept (Solution rows)")
    job.writes("--rejected", help="rejected solutions (Rejected rows)")
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
