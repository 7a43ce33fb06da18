"""Generates questions for the verified programs of a shard."""

from caco.config.generation import WriteQuestions
from caco.engines.open import generating_model
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.rows.verified import Verified
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.few_shot import FewShot, pool
from caco.stages.reverse.question import question_example, write_questions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="question")
    job.reads("--model", help="manifest of the writer")
    job.reads("--verified", help="verified programs (Verified rows)")
    job.writes("--questions", help="questions (Question rows)")
    job.writes("--rejected", help="rejected replies (Rejected rows)")
    job.reads("--code-cots", help="Code CoTs of the examples", many=True, required=False)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True, required=False)
    args = job.parse()
    section = job.section(WriteQuestions)
    requested = count_rows(args.verified, Verified) * section.variants
    progress = Progress(f"question {args.identity}", requested, unit="questions")
    rows = read_rows(args.verified, Verified)
    code_cots = (row for file in args.code_cots for row in read_rows(file, CodeCoT))
    seeds = (row for file in args.seeds for row in read_rows(file, Seed))
    base = section.sampling.seed
    drawn = pool(code_cots, seeds, base)
    examples = [question_example(row, seed, section.prompt) for row, seed in drawn]
    few_shot = FewShot(
        examples, section.examples, base, "reverse.question.examples", section.same_examples
    )
    with generating_model(job, section.engine, "reverse.question.model") as model:
        outcomes = write_questions(rows, model, section, progress, few_shot)
        counts = write_outcomes(args.questions, Question, args.rejected, outcomes)
    job.done(counts, base)


if __name__ == "__main__":
    run(main)
