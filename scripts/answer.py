"""Puts a benchmark's problems to one model; the answers are graded by `grade_answers.py`."""

from caco.config.bench import Answering
from caco.engines.open import generating_model
from caco.rows.answered import Answered
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.bench.answer import answer_problems


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="answer")
    job.reads("--model", help="manifest of the model's checkpoint")
    job.takes("--name", help="the model's name: base or student", required=True)
    job.takes("--benchmark", help="the benchmark's name", required=True)
    job.reads("--problems", help="Parquet of the benchmark's problems, as seeds")
    job.writes("--answers", help="Parquet of every answer")
    args = job.parse()
    section = job.section(Answering)
    progress = Progress(f"answer {args.name} {args.benchmark}", count_rows(args.problems, Seed))
    rows = read_rows(args.problems, Seed)
    with generating_model(job, section.engine, section.prompt) as model:
        answers = answer_problems(rows, model, section, (args.name, args.benchmark), progress)
        count = write_rows(args.answers, Answered, answers)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
