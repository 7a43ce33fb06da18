"""Generates one model's answers to a benchmark's problems; `grade_answers.py` grades them."""

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
    job.reads("--model", help="manifest of the model")
    job.takes("--name", help="name of the model: base, student or an ablation", required=True)
    job.takes("--benchmark", help="name of the benchmark in the config", required=True)
    job.reads("--problems", help="problems of the benchmark (Seed rows)")
    job.writes("--answers", help="answers (Answered rows)")
    args = job.parse()
    section = job.section(Answering)
    answers_wanted = count_rows(args.problems, Seed) * section.samples
    progress = Progress(f"answer {args.name} {args.benchmark}", answers_wanted)
    rows = read_rows(args.problems, Seed)
    with generating_model(job, section.engine, "student.model", section.prompt) as model:
        answers = answer_problems(rows, model, section, (args.name, args.benchmark), progress)
        count = write_rows(args.answers, Answered, answers)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
