"""Generates a model's answers to the questions of a shard; `pass_rate.py` grades them."""

from caco.config.bench import Answering
from caco.engines.open import generating_model
from caco.rows.answered import Answered
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.bench.answer import answer_problems
from caco.stages.pass_rate.questions import questions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="rollout")
    job.reads("--model", help="manifest of the model")
    job.reads("--checked", help="accepted solutions (Solution rows)")
    job.writes("--rollouts", help="answers to their questions (Answered rows)")
    args = job.parse()
    section = job.section(Answering)
    asked = sum(1 for _ in questions(read_rows(args.checked, Solution)))
    progress = Progress(f"rollout {args.identity}", asked * section.samples)
    problems = questions(read_rows(args.checked, Solution))
    with generating_model(job, section.engine, "pass_rate.model", section.prompt) as model:
        names = (model.digest, "pass_rate")
        answers = answer_problems(problems, model, section, names, progress)
        count = write_rows(args.rollouts, Answered, answers)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
