"""Generates questions for the verified programs of a shard."""

from caco.config.generation import WriteQuestions
from caco.engines.open import generating_model
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_all, read_rows, write_outcomes
from caco.rows.verified import Verified
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.question import question_few_shot, write_questions
from caco.stages.reverse.replies import kept_replies


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="question")
    job.reads("--model", help="manifest of the writer")
    job.reads("--verified", help="verified programs (Verified rows)")
    job.writes("--questions", help="questions (Question rows)")
    job.writes("--rejected", help="rejected replies (Rejected rows)")
    job.writes("--replies", help="all replies of the model (Reply rows)")
    job.reads("--code-cots", help="Code CoTs of the examples", many=True, required=False)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True, required=False)
    args = job.parse()
    section = job.section(WriteQuestions)
    requested = count_rows(args.verified, Verified) * section.variants
    progress = Progress(f"question {args.identity}", requested, unit="questions")
    rows = read_rows(args.verified, Verified)
    code_cots = read_all(args.code_cots, CodeCoT)
    seeds = read_all(args.seeds, Seed)
    few_shot = question_few_shot(section, code_cots, seeds)
    with (
        generating_model(job, section.engine, "reverse.question.model") as model,
        kept_replies(model, args.replies) as writer,
    ):
        outcomes = write_questions(rows, writer, section, progress, few_shot)
        counts = write_outcomes(args.questions, Question, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
