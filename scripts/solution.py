"""Generates solutions for the questions of a shard, without access to the programs."""

from caco.config.generation import WriteSolutions
from caco.engines.open import generating_model
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_all, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.replies import kept_replies
from caco.stages.reverse.solution import solution_few_shot, write_solutions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="solution")
    job.reads("--model", help="manifest of the solver")
    job.reads("--questions", help="questions (Question rows)")
    job.writes("--solutions", help="solutions (Solution rows)")
    job.writes("--rejected", help="questions without a complete solution (Rejected rows)")
    job.writes("--replies", help="all replies of the model (Reply rows)")
    job.reads("--code-cots", help="Code CoTs of the examples", many=True, required=False)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True, required=False)
    args = job.parse()
    section = job.section(WriteSolutions)
    requested = count_rows(args.questions, Question) * section.variants
    progress = Progress(f"solution {args.identity}", requested, unit="solutions")
    rows = read_rows(args.questions, Question)
    code_cots = read_all(args.code_cots, CodeCoT)
    seeds = read_all(args.seeds, Seed)
    few_shot = solution_few_shot(section, code_cots, seeds)
    with (
        generating_model(job, section.engine, "reverse.solution.model") as model,
        kept_replies(model, args.replies) as solver,
    ):
        outcomes = write_solutions(rows, solver, section, progress, few_shot)
        counts = write_outcomes(args.solutions, Solution, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
