"""Checks the steps of solutions: computes their statements about numbers."""

from caco.config.generation import Check
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.check import check_solutions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="check")
    job.reads("--judged", help="solutions that the judges accept (Solution rows)")
    job.writes("--checked", help="solutions without a false statement (Solution rows)")
    job.writes("--rejected", help="rejected solutions (Rejected rows)")
    args = job.parse()
    section = job.section(Check)
    progress = Progress(f"check {args.identity}", count_rows(args.judged, Solution))
    outcomes = check_solutions(read_rows(args.judged, Solution), section, progress)
    job.done(write_outcomes(args.checked, Solution, args.rejected, outcomes))


if __name__ == "__main__":
    run(main)
