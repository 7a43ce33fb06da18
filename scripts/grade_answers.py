"""Grades the answers of one model to one benchmark."""

from collections.abc import Iterator

from caco.config.bench import Grading
from caco.grading.grader import Grader
from caco.grading.second import second_grader
from caco.rows.answered import Answered
from caco.rows.graded import CORRECT, Graded
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.bench.grade import grade_answers


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="grade")
    job.reads("--answers", help="answers (Answered rows)")
    job.writes("--graded", help="graded answers (Graded rows)")
    args = job.parse()
    section = job.section(Grading)
    counts = Counts()
    progress = Progress(f"grade {args.identity}", count_rows(args.answers, Answered))

    def graded() -> Iterator[Graded]:
        rows = read_rows(args.answers, Answered)
        for row in grade_answers(rows, grader, second, section.tolerance, progress):
            counts.accept() if row.verdict == CORRECT else counts.reject(row.verdict)
            yield row

    limit_s = section.grader_timeout_s
    with Grader(limit_s) as grader, second_grader(limit_s) as second:
        write_rows(args.graded, Graded, graded())
    job.done(counts)


if __name__ == "__main__":
    run(main)
