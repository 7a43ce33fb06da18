"""Runs the LLM judge: is the question solvable, and is the solution's logic the program's?"""

from caco.config.generation import LlmJudge
from caco.engines.open import generating_model
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.reverse.llm_judge import llm_judge_solutions
from caco.stages.reverse.replies import kept_replies


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="llm_judge")
    job.reads("--model", help="manifest of the LLM judge")
    job.reads("--judged", help="solutions that the exact checks accept (Solution rows)")
    job.writes("--llm-judged", help="solutions that the LLM judge accepts (Solution rows)")
    job.writes("--rejected", help="rejected solutions (Rejected rows)")
    job.writes("--replies", help="all replies of the model (Reply rows)")
    args = job.parse()
    section = job.section(LlmJudge)
    progress = Progress(f"llm_judge {args.identity}", count_rows(args.judged, Solution))
    rows = read_rows(args.judged, Solution)
    with (
        generating_model(job, section.engine, "reverse.llm_judge.model") as model,
        kept_replies(model, args.replies) as judge,
    ):
        outcomes = llm_judge_solutions(rows, judge, section, progress)
        counts = write_outcomes(args.llm_judged, Solution, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
