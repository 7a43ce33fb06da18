"""Generates questions for the verified programs of a shard."""

from caco.config.generation import WriteQuestions
from caco.engines.open import generating_model
from caco.rows.question import Question
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.rows.verified import Verified
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.question import write_questions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="question")
    job.reads("--model", help="manifest of the writer")
    job.reads("--verified", help="verified programs (Verified rows)")
    job.writes("--questions", help="questions (Question rows)")
    job.writes("--rejected", help="rejected replies (Rejected rows)")
    args = job.parse()
    section = job.section(WriteQuestions)
    requested = count_rows(args.verified, Verified) * section.variants
    progress = Progress(f"question {args.identity}", requested, unit="questions")
    rows = read_rows(args.verified, Verified)
    with generating_model(job, section.engine, "reverse.question.model") as model:
        outcomes = write_questions(rows, model, section, progress)
        counts = write_outcomes(args.questions, Question, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
