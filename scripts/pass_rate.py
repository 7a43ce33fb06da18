"""Grades a model's answers to the questions of a shard, and counts the right ones of each."""

from caco.config.bench import Grading
from caco.grading.grader import Grader
from caco.rows.answered import Answered
from caco.rows.passes import Passes
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.pass_rate.passes import count_passes


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="pass_rate")
    job.reads("--rollouts", help="answers (Answered rows)")
    job.writes("--pass-rates", help="right answers by question (Passes rows)")
    args = job.parse()
    section = job.section(Grading)
    progress = Progress(f"pass_rate {args.identity}", count_rows(args.rollouts, Answered))
    with Grader(section.grader_timeout_s) as grader:
        passes = count_passes(read_rows(args.rollouts, Answered), grader, progress)
        count = write_rows(args.pass_rates, Passes, passes)
    job.done(Counts(rows_in=count, accepted=count))


if __name__ == "__main__":
    run(main)
