"""Writes problems in words for each verified program of a shard."""

from caco.chat import chat_prompt
from caco.config.generation import WriteQuestions
from caco.engines.journal import Journal, Journaled
from caco.engines.open import open_engine
from caco.job import Job, run
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.progress import Progress
from caco.reverse.question import write_questions
from caco.rows.outcomes import write_outcomes
from caco.rows.question import Question
from caco.rows.table import count_rows, read_rows
from caco.rows.verified import Verified


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="question")
    job.reads("--model", "manifest of the writer's checkpoint")
    job.reads("--verified", "Parquet of verified programs")
    job.writes("--questions", "Parquet of questions")
    job.writes("--rejected", "Parquet of what became no question, with verdicts")
    args = job.parse()
    section = WriteQuestions.from_spec(args.spec)
    model = read_manifest(args.model)
    asked = count_rows(args.verified, Verified) * section.variants
    progress = Progress(f"question {args.identity}", asked, unit="questions")
    journal = Journal(*job.journal(model.digest))
    with Journaled(open_engine(model.folder, section.engine), journal) as engine:
        outcomes = write_questions(
            read_rows(args.verified, Verified),
            engine,
            lambda user: chat_prompt(load_tokenizer(model.folder), user),
            section,
            model.digest,
            progress,
        )
        counts = write_outcomes(args.questions, Question, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
